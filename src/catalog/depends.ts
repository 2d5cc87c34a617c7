import type { Address } from './kind.js';

export interface DependRow {
  readonly from: Address;
  readonly to: Address;
  readonly type: string;
}

/**
 * pg_depend between users' objects, without sub-ids. A sequence's dependency on the column that owns
 * it is left out: it runs against the default's, and OWNED BY comes late anyway.
 */
export const dependsQuery = `
  SELECT DISTINCT d.classid::text || ':' || d.objid AS "from", d.refclassid::text || ':' || d.refobjid AS "to",
    d.deptype AS type
  FROM (SELECT classid::oid::int8, objid, refclassid::oid::int8, refobjid, deptype, refobjsubid FROM pg_depend
    WHERE objid >= 16384 AND refobjid >= 16384 AND NOT (classid = refclassid AND objid = refobjid)) d
  WHERE NOT (d.deptype = 'a' AND d.classid = 1259 AND d.refclassid = 1259 AND d.refobjsubid > 0
    AND EXISTS (SELECT FROM pg_sequence s WHERE s.seqrelid = d.objid))`;

/** What addresses mean: claimed objects, members of extensions, and parts that belong to either. */
export interface Resolution {
  /** Id of the object that an address stands for, or null where nothing claims it. */
  resolve(address: Address): string | null;
  /** Ids that the object at these addresses depends on, its own left out. */
  dependencies(addresses: readonly Address[], ownId: string): ReadonlySet<string>;
}

/** Follows internal and partition dependencies from an unclaimed row (a row type, a FK trigger) to its owner. */
export function resolution(rows: readonly DependRow[], claims: ReadonlyMap<Address, string>): Resolution {
  const parents = new Map<Address, Address[]>();
  const edges = new Map<Address, Address[]>();
  for (const { from, to, type } of rows) {
    // A partition's copy of a trigger belongs to its own constraint before it belongs to the parent's trigger.
    if (type === 'i') parents.set(from, [to, ...(parents.get(from) ?? [])]);
    else if (type === 'P' || type === 'e') append(parents, from, to);
    append(edges, from, to);
  }
  const known = new Map<Address, string | null>();
  const resolve = (address: Address): string | null => {
    const claimed = claims.get(address) ?? known.get(address);
    if (claimed !== undefined) return claimed;
    known.set(address, null);
    const id = (parents.get(address) ?? []).map(resolve).find((found) => found !== null) ?? null;
    known.set(address, id);
    return id;
  };
  const members = new Map<string, Address[]>();
  for (const from of edges.keys()) {
    const id = resolve(from);
    if (id !== null) append(members, id, from);
  }
  return {
    resolve,
    dependencies: (addresses, ownId) => {
      const found = new Set<string>();
      for (const from of new Set([...addresses, ...(members.get(ownId) ?? [])])) {
        for (const to of edges.get(from) ?? []) {
          const id = resolve(to);
          if (id !== null && id !== ownId) found.add(id);
        }
      }
      return found;
    },
  };
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
