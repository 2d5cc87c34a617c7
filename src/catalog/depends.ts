import { type Address, addressIn } from './kind.js';

/** Rows of pg_depend between two system catalogs, of one type, with their oids in pairs: `16400 2200 16401 2200`. */
export interface DependRow {
  readonly from: number;
  readonly to: number;
  readonly type: string;
  readonly pairs: string;
}

/**
 * pg_depend between users' objects, without sub-ids, as few long rows: there are twenty entries for a
 * table. A sequence's dependency on the column that owns it is left out: it runs against the
 * default's, and OWNED BY comes late anyway.
 */
export const dependsQuery = `
  SELECT d.classid::int8::int AS "from", d.refclassid::int8::int AS "to", d.deptype AS type,
    string_agg(d.objid || ' ' || d.refobjid, ' ') AS pairs
  FROM pg_depend d
  WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND NOT (d.classid = d.refclassid AND d.objid = d.refobjid)
    AND NOT (d.deptype = 'a' AND d.classid = 1259 AND d.refclassid = 1259 AND d.refobjsubid > 0
      AND d.objid IN (SELECT s.seqrelid FROM pg_sequence s))
  GROUP BY d.classid, d.refclassid, d.deptype`;

/** What addresses mean: claimed objects, members of extensions, and parts that belong to either. */
export interface Resolution {
  /** Id of the object that an address stands for, or null where nothing claims it. */
  resolve(address: Address): string | null;
  /** Ids that the object at these addresses depends on, its own left out. */
  dependencies(addresses: readonly Address[], ownId: string): ReadonlySet<string>;
}

/** pg_depend by address. */
export interface Links {
  /** What a row belongs to, if no kind claims it: by internal and partition dependencies. */
  readonly parents: ReadonlyMap<Address, readonly Address[]>;
  readonly edges: ReadonlyMap<Address, readonly Address[]>;
}

export function linked(rows: readonly DependRow[]): Links {
  const parents = new Map<Address, Address[]>();
  const edges = new Map<Address, Address[]>();
  for (const { type, ...row } of rows) {
    const oids = row.pairs.split(' ');
    for (let at = 0; at < oids.length; at += 2) {
      const from = addressIn(row.from, Number(oids[at]));
      const to = addressIn(row.to, Number(oids[at + 1]));
      // A partition's copy of a trigger belongs to its own constraint before it belongs to the parent's trigger.
      if (type === 'i') parents.set(from, [to, ...(parents.get(from) ?? [])]);
      else if (type === 'P' || type === 'e') append(parents, from, to);
      append(edges, from, to);
    }
  }
  return { parents, edges };
}

/** Follows an unclaimed row (a row type, a FK trigger) to its owner. */
export function resolution({ parents, edges }: Links, claims: ReadonlyMap<Address, string>): Resolution {
  const known = new Map<Address, string | null>();
  const resolve = (address: Address): string | null => {
    const claimed = claims.get(address) ?? known.get(address);
    if (claimed !== undefined) return claimed;
    known.set(address, null);
    const id = (parents.get(address) ?? []).map(resolve).find((found) => found !== null) ?? null;
    known.set(address, id);
    return id;
  };
  const byId = new Map<string, Set<string>>();
  const depend = (id: string, from: Address): void => {
    const found = byId.get(id) ?? new Set();
    byId.set(id, found);
    for (const to of edges.get(from) ?? []) {
      const other = resolve(to);
      if (other !== null && other !== id) found.add(other);
    }
  };
  for (const from of edges.keys()) {
    const id = resolve(from);
    if (id !== null) depend(id, from);
  }
  return {
    resolve,
    dependencies: (addresses, ownId) => {
      for (const from of addresses) if (claims.get(from) !== ownId) depend(ownId, from);
      return byId.get(ownId) ?? new Set();
    },
  };
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
