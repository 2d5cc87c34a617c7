import { createHash } from 'node:crypto';
import type { CatalogObject } from '../catalog/model.js';
import { isFiled } from './text.js';

/** Names that Windows keeps for devices, whatever follows after a dot. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Bytes that a part of a path may have on every file system, its suffix left aside. */
const longest = 160;

/**
 * The path of each object that has a file, below the folder of objects: `<schema>/<kind>/<name>.sql`.
 * Whatever a name holds, its path is safe on every system; two that differ in case alone are told
 * apart, since some file systems don't.
 */
export function pathsOf(objects: readonly CatalogObject[]): ReadonlyMap<string, string> {
  const filed = objects.filter(isFiled);
  const plain = new Map(filed.map((object) => [object.id, plainPath(object)]));
  const seen = new Map<string, number>();
  for (const path of plain.values()) {
    seen.set(path.toLowerCase(), (seen.get(path.toLowerCase()) ?? 0) + 1);
  }
  return new Map(
    [...plain].map(([id, path]) => {
      const isAlone = seen.get(path.toLowerCase()) === 1 || path === path.toLowerCase();
      return [id, `${isAlone ? path : `${path}~${digest(id)}`}.sql`];
    }),
  );
}

function plainPath(object: CatalogObject): string {
  const folder = object.kind.replaceAll(' ', '-');
  return [object.schema ?? '', folder, nameOf(object)].map(safe).join('/');
}

/** A view's name, a function's with the types of its arguments, a trigger's and a policy's after its table's. */
function nameOf({ kind, name, identity }: CatalogObject): string {
  const [first = '', ...rest] = identifiers(identity);
  if (kind === 'trigger' || kind === 'policy') return `${rest.at(-1)}.${first}`;
  if (kind === 'view' || kind === 'materialized view') return name;
  return name + identity.slice(endOfName(identity));
}

/** The names in `trigger ON schema.table`, unquoted. */
function identifiers(identity: string): readonly string[] {
  return [...identity.matchAll(/"((?:[^"]|"")*)"|(?<=^|[ .])[^\s."]+/g)].map(([plain, quoted]) =>
    quoted === undefined ? plain : quoted.replaceAll('""', '"'),
  );
}

/** Where the arguments begin in `schema.name(integer, text)`. */
function endOfName(identity: string): number {
  return /^(?:"(?:[^"]|"")*"|[^."(])*\.(?:"(?:[^"]|"")*"|[^"(]*)/.exec(identity)?.[0].length ?? 0;
}

/** A part of a path: letters, digits and a few marks stay, all else is written as its bytes. */
function safe(part: string): string {
  const encoded = part
    .replaceAll(/[^A-Za-z0-9_.(),$[\] -]/gu, (character) => bytes(character))
    .replaceAll(/^[. ]|[. ]$/g, (character) => bytes(character));
  const short = encoded.length <= longest ? encoded : `${encoded.slice(0, longest)}~${digest(part)}`;
  return short === '' || reserved.test(short) ? `~${short}` : short;
}

function bytes(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
