import type { Difference } from '../catalog/compare.js';
import type { Catalog, CatalogObject } from '../catalog/model.js';
import { byCodePoint } from '../catalog/model.js';
import { pathsOf } from './path.js';
import { filedKinds } from './text.js';

/** What no file of an object says: it is the database's, and counts. */
const notDefinition = /^(owner|comment|grants|label |dependsOn)/;

/**
 * Differences that count where some objects have files of their own: what these are defined as, and
 * whether they are there, is the files' matter, and `up` sees to it.
 *
 * @param files paths below the folder of objects.
 */
export function withoutFiled(
  differences: readonly Difference[],
  live: Catalog,
  files: ReadonlySet<string>,
): readonly Difference[] {
  if (files.size === 0) return differences;
  const paths = pathsOf([...live.objects, ...missingOf(differences)]);
  return differences.flatMap((difference) => {
    if (!files.has(paths.get(difference.id) ?? '')) return [difference];
    const attributes = difference.attributes.filter(({ name }) => notDefinition.test(name));
    return attributes.length === 0 ? [] : [{ ...difference, attributes }];
  });
}

/** Objects that the live catalog lacks, as far as their paths need them. */
function missingOf(differences: readonly Difference[]): readonly CatalogObject[] {
  return differences
    .filter(({ change, kind }) => change === 'missing' && (filedKinds as readonly string[]).includes(kind))
    .sort((a, b) => byCodePoint(a.id, b.id))
    .map(({ id, kind }) => fromId(id, kind));
}

function fromId(id: string, kind: string): CatalogObject {
  const identity = id.slice(kind.length + 1);
  const isPart = kind === 'trigger' || kind === 'policy';
  const names = [...identity.matchAll(/"((?:[^"]|"")*)"|(?<=^|[ .])[^\s."(]+/g)].map(([plain, quoted]) =>
    quoted === undefined ? plain : quoted.replaceAll('""', '"'),
  );
  const [first = '', ...rest] = names;
  const [schema = '', name = ''] = isPart ? [rest.at(-2), first] : [first, rest[0]];
  const none = { attributes: {}, requires: [], shellRequires: [], host: null };
  return { id, kind, identity, schema, name, ...none };
}
