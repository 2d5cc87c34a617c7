import type { Queryable } from '../database/client.js';
import { raiseFence } from '../database/fence.js';
import { compareCatalogs, type Difference } from './compare.js';
import { canonicalJson } from './fingerprint.js';
import { probeSchema } from './kind.js';
import { kindOf } from './kinds/index.js';
import type { Catalog, CatalogObject, Value } from './model.js';

/** Reads the catalog on the session that is given, within its transaction. */
export type ReadAgain = () => Promise<Catalog>;

/**
 * Deparsing is no fixpoint: `varchar IN ('a', 'b')` comes back in another form after a second trip
 * through the parser. Where only such texts differ, what was expected is parsed once more, verbatim,
 * on the database that was found, and what the server then prints is compared with what it printed
 * before. Everything happens inside a transaction that is rolled back.
 *
 * @param client a session of the database that `found` was read from, outside of any transaction and
 *   with the search_path under which the history ran.
 * @returns the differences that remain.
 */
export async function canonicalDifferences(
  client: Queryable,
  expected: Catalog,
  found: Catalog,
  readAgain: ReadAgain,
): Promise<readonly Difference[]> {
  const differences = compareCatalogs(expected, found);
  const objects = new Map(expected.objects.map((object) => [object.id, object]));
  const textual = differences.filter((difference) => isTextual(difference, objects));
  if (textual.length === 0) return differences;
  const settled = new Set<string>();
  // All at once is one read; what remains is tried alone, since one probe can disturb another.
  await probe(client, textual, objects, found, readAgain, settled);
  for (const difference of textual.filter(({ id }) => !settled.has(id)).slice(0, alone)) {
    await probe(client, [difference], objects, found, readAgain, settled);
  }
  return differences.filter(({ id }) => !settled.has(id));
}

/** Each lone probe reads the whole catalog; so many differences are no matter of spelling any more. */
const alone = 25;

function isTextual(difference: Difference, objects: ReadonlyMap<string, CatalogObject>): boolean {
  const kind = kindOf(difference);
  return (
    difference.change === 'changed' &&
    kind.redefine !== undefined &&
    objects.has(difference.id) &&
    difference.attributes.every(
      ({ name, expected, found }) =>
        kind.deparsed?.includes(name) && (name !== 'columns' || isSameButGenerated(expected, found)),
    )
  );
}

/** Columns that differ in nothing but the text of a generation expression. */
function isSameButGenerated(expected: Value, found: Value): boolean {
  const rest = (columns: Value): string =>
    canonicalJson(
      (columns as readonly { readonly [key: string]: Value }[]).map(
        ({ generated: _text, ...column }) => column,
      ),
    );
  return Array.isArray(expected) && Array.isArray(found) && rest(expected) === rest(found);
}

async function probe(
  client: Queryable,
  differences: readonly Difference[],
  objects: ReadonlyMap<string, CatalogObject>,
  found: Catalog,
  readAgain: ReadAgain,
  settled: Set<string>,
): Promise<void> {
  const probes = new Map<string, string>();
  await client.query(`BEGIN; SET LOCAL check_function_bodies = off; CREATE SCHEMA ${probeSchema}`);
  try {
    for (const { id } of differences) {
      const object = objects.get(id) as CatalogObject;
      const redefinition = kindOf(object).redefine?.(object);
      if (redefinition === undefined) continue;
      if (await attempt(client, redefinition.statements)) probes.set(id, redefinition.probe ?? id);
    }
    await client.query(raiseFence);
    const parsed = new Map((await readAgain()).objects.map((object) => [object.id, object]));
    const before = new Map(found.objects.map((object) => [object.id, object]));
    for (const difference of differences) {
      const again = parsed.get(probes.get(difference.id) ?? '');
      const was = before.get(difference.id);
      if (again !== undefined && was !== undefined && isSame(difference, again, was))
        settled.add(difference.id);
    }
  } finally {
    await client.query('ROLLBACK');
  }
}

async function attempt(client: Queryable, statements: readonly string[]): Promise<boolean> {
  await client.query('SAVEPOINT probe');
  try {
    await client.query(statements.join(';\n'));
    await client.query('RELEASE SAVEPOINT probe');
    return true;
  } catch {
    // What can't be parsed again stays a difference.
    await client.query('ROLLBACK TO SAVEPOINT probe');
    return false;
  }
}

function isSame(difference: Difference, again: CatalogObject, was: CatalogObject): boolean {
  return difference.attributes.every(
    ({ name }) => canonicalJson(comparable(name, again)) === canonicalJson(comparable(name, was)),
  );
}

/** The rest of a probe's columns needn't be equal: only their expressions were in question. */
function comparable(name: string, object: CatalogObject): Value {
  const value = object.attributes[name] ?? null;
  if (name !== 'columns' || !Array.isArray(value)) return value;
  return (value as readonly { readonly [key: string]: Value }[]).map((column) => column.generated ?? null);
}
