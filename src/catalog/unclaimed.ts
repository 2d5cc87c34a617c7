import {
  type Address,
  addressIn,
  catalogOids,
  partOfMember,
  placeOf,
  type ReadScope,
  type SystemCatalog,
} from './kind.js';
import { usersMember } from './operator-members.js';

/** What the guard leaves out of a catalog because it comes by itself, as SQL conditions on `x`. */
const derived: Partial<Record<SystemCatalog, string>> = {
  pg_class: `x.relkind NOT IN ('t', 'i', 'I') AND x.relpersistence <> 't'
    OR x.relkind IN ('i', 'I') AND x.relpersistence <> 't'
      AND x.oid NOT IN (SELECT t.indexrelid FROM pg_index t JOIN pg_class tc ON tc.oid = t.indrelid WHERE tc.relkind = 't')`,
  pg_type: `x.typnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(temp|toast)')
    AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = x.oid)`,
  pg_namespace: `x.nspname !~ '^pg_(temp|toast)'`,
  pg_trigger: `NOT x.tgisinternal AND EXISTS (SELECT FROM pg_class c WHERE c.oid = x.tgrelid AND c.relpersistence <> 't')`,
  pg_rewrite: `x.rulename <> '_RETURN'`,
  pg_constraint: `NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = x.conrelid AND c.relpersistence = 't')`,
  pg_attrdef: `NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = x.adrelid AND c.relpersistence = 't')`,
  // A commutator or negator that was named and never defined can't be used; it comes with what names it.
  pg_operator: `x.oprcode <> 0`,
  pg_amop: usersMember('x', 'pg_amop'),
  pg_amproc: usersMember('x', 'pg_amproc'),
  pg_subscription: `x.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
};

/** What Knex makes along with its own tables: their keys, defaults and sequences. */
function notOfLedger(catalog: SystemCatalog, scope: ReadScope): string {
  if (scope.ledger.length === 0) return 'true';
  const ledger = scope.ledger.join(', ');
  if (catalog === 'pg_constraint') return `x.conrelid NOT IN (${ledger})`;
  if (catalog === 'pg_attrdef') return `x.adrelid NOT IN (${ledger})`;
  if (catalog !== 'pg_class') return 'true';
  return `x.oid NOT IN (SELECT i.indexrelid FROM pg_index i WHERE i.indrelid IN (${ledger})
    UNION ALL SELECT d.objid FROM pg_depend d WHERE d.classid = 1259 AND d.refclassid = 1259 AND d.deptype IN ('a', 'i')
      AND d.refobjid IN (${ledger}))`;
}

/** The catalogs whose rows users can make, with the columns that an ordinary role may read. */
function guarded(scope: ReadScope): readonly { readonly catalog: SystemCatalog; readonly from: string }[] {
  const names = (Object.keys(catalogOids) as SystemCatalog[]).filter(
    (name) => !(name === 'pg_publication_namespace' && scope.version < 150000),
  );
  return names.map((catalog) => ({
    catalog,
    from:
      catalog === 'pg_user_mapping'
        ? '(SELECT umid AS oid FROM pg_user_mappings)'
        : catalog === 'pg_largeobject'
          ? 'pg_largeobject_metadata'
          : catalog,
  }));
}

/** The oids of rows of one system catalog: `16384 16390`. */
export interface UserRows {
  readonly catalog: number;
  readonly oids: string;
}

/**
 * Every row that a user made in a system catalog and that doesn't come by itself, and the built-in
 * objects that were altered to use one: a row for each catalog that has any. Oids of large objects
 * are the user's to choose, so for them the first one of a user's rows means nothing.
 */
export function userRowsQuery(scope: ReadScope): string {
  const made = guarded(scope).map(({ catalog, from }) => {
    const condition = derived[catalog] ?? 'true';
    return `SELECT ${catalogOids[catalog]}::oid AS catalog, x.oid FROM ${from} x
        WHERE ${catalog === 'pg_largeobject' ? 'true' : 'x.oid >= 16384'} AND (${condition})
          AND NOT ${partOfMember('x', catalog)} AND ${notOfLedger(catalog, scope)}`;
  });
  return `SELECT u.catalog::int8::int AS catalog, string_agg(u.oid::text, ' ') AS oids
    FROM (${[...made, alteredBuiltIns].join(' UNION ALL ')}) u GROUP BY u.catalog`;
}

/** The addresses of these rows. */
export function addressesOf(rows: readonly UserRows[]): readonly Address[] {
  return rows.flatMap(({ catalog, oids }) => oids.split(' ').map((oid) => addressIn(catalog, Number(oid))));
}

/** What the server came with and now depends on a user's object: the configuration `english` with a dictionary of theirs. */
const alteredBuiltIns = `SELECT DISTINCT d.classid, d.objid FROM pg_depend d
  WHERE d.objid BETWEEN 1 AND 16383 AND d.refobjid >= 16384`;

/** How the server describes the objects at these addresses: `large object 16400`. */
export function describeQuery(addresses: readonly Address[]): string {
  const rows = addresses.map((address) => {
    const { classid, oid } = placeOf(address);
    return `(${classid}::oid, ${oid}::oid)`;
  });
  return `SELECT coalesce(pg_describe_object(a.classid, a.objid, 0), a.classid::regclass || ' row ' || a.objid) AS description
    FROM (VALUES ${rows.join(', ')}) a (classid, objid) ORDER BY 1`;
}
