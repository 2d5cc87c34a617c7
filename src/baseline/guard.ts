import { doBlock, quoteLiteral } from '../database/sql.js';
import { digestExpression } from '../rows/digest.js';
import { rowsOf, type StoredTable } from '../rows/tables.js';

/** Bare names of the tables that the migration tool keeps for itself, and their schema if it is fixed. */
export interface LedgerNames {
  readonly tables: readonly string[];
  /** The one of them that records adoptions. */
  readonly revision: string;
  readonly schema: string | null;
}

const list = (names: readonly string[]): string => names.map(quoteLiteral).join(', ');

/**
 * The first statement of a baseline: it raises an error where the database has any user's object, so
 * that nobody can run it over live tables. Extensions and the ledger don't count.
 */
export function emptinessGuard({ tables, schema }: LedgerNames): string {
  return doBlock(
    `DECLARE
  found text;
BEGIN
  SELECT string_agg(object, ', ') INTO found FROM (
    SELECT pg_catalog.pg_describe_object(o.classid, o.objid, 0) AS object
    FROM (
      SELECT 'pg_catalog.pg_class'::pg_catalog.regclass AS classid, c.oid AS objid, c.relnamespace AS namespace
      FROM pg_catalog.pg_class c
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relname NOT IN (${list(tables)})
        AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class l ON l.oid = d.refobjid
          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
            AND l.relname IN (${list(tables)}))
      UNION ALL
      SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, t.typnamespace FROM pg_catalog.pg_type t
      WHERE t.typtype IN ('e', 'd', 'r')
        OR t.typtype = 'c' AND (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid) = 'c'
      UNION ALL
      SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, p.pronamespace FROM pg_catalog.pg_proc p
      UNION ALL
      SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid, n.oid FROM pg_catalog.pg_namespace n
      WHERE n.nspname NOT IN (${list(['public', ...(schema === null ? [] : [schema])])})
    ) o
    JOIN pg_catalog.pg_namespace n ON n.oid = o.namespace
    WHERE o.objid >= 16384 AND n.nspname !~ '^pg_'
      AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = o.classid AND e.objid = o.objid AND e.deptype = 'e')
    ORDER BY 1 LIMIT 5
  ) objects;
  IF found IS NOT NULL THEN
    RAISE EXCEPTION 'a baseline builds an empty database, and this one has %', found
      USING ERRCODE = 'object_not_in_prerequisite_state',
        HINT = 'To let a database that ran the replaced migrations follow: knex-squash up. Nothing was changed.';
  END IF;
END`,
    'guard',
  );
}

/**
 * A baseline's way back drops nothing that it did not build: it raises an error in a database that
 * adopted a baseline, whatever rows there are.
 */
export function adoptedGuard({ revision, schema }: LedgerNames): string {
  const place =
    schema === null
      ? 'pg_catalog.pg_table_is_visible(c.oid)'
      : `c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ${quoteLiteral(schema)})`;
  return `DO $guard$
DECLARE
  ledger pg_catalog.regclass;
  adopted text;
BEGIN
  SELECT c.oid INTO ledger FROM pg_catalog.pg_class c WHERE c.relname = ${quoteLiteral(revision)} AND ${place};
  IF ledger IS NOT NULL THEN
    EXECUTE pg_catalog.format('SELECT pg_catalog.max(baseline) FROM %s', ledger) INTO adopted;
  END IF;
  IF adopted IS NOT NULL THEN
    RAISE EXCEPTION 'this database adopted % and was not built by it, so nothing is dropped', adopted
      USING ERRCODE = 'object_not_in_prerequisite_state',
        HINT = 'To go back before the squash: knex-squash adopt --undo. To drop everything all the same, set KNEX_SQUASH_DROP to the name of the database. Nothing was changed.';
  END IF;
END
$guard$`;
}

/** A table and what the baseline wrote into it. */
export interface WrittenTable {
  readonly table: StoredTable;
  readonly rows: number;
  /** Columns that are the same on every database, and the hash of them (rows/digest.ts). */
  readonly columns: readonly string[];
  readonly digest: string;
}

/**
 * The first statement of a baseline's way back: it locks every table, and raises an error where one
 * holds any row that the baseline itself did not write.
 */
export function rowsGuard(tables: readonly WrittenTable[]): string {
  // An extension's own tables are no user's to lock.
  const names = tables
    .filter(({ table }) => table.madeBy === table.id)
    .map(({ table }) => table.identity)
    .join(', ');
  // Forced row-level security would hide rows from their owner; the tables are about to go anyway.
  const unforced = tables
    .filter(({ table }) => table.forcesRowSecurity)
    .map(({ table }) => `  ALTER TABLE ${table.identity} NO FORCE ROW LEVEL SECURITY;\n`);
  const checks = tables.map(
    (written) => `  IF ${isChanged(written)} THEN
    changed := changed || ${quoteLiteral(written.table.identity)}::text;
  END IF;`,
  );
  return doBlock(
    `#variable_conflict use_column
DECLARE
  changed text[] := '{}';
BEGIN${names === '' ? '' : `\n  LOCK TABLE ${names} IN ACCESS EXCLUSIVE MODE;`}
${unforced.join('')}${checks.join('\n')}
  IF changed <> '{}' THEN
    RAISE EXCEPTION 'these tables hold rows that the baseline did not write, so they are not dropped: %', array_to_string(changed, ', ')
      USING ERRCODE = 'object_not_in_prerequisite_state',
        HINT = 'To drop them all the same, set KNEX_SQUASH_DROP to the name of the database. Nothing was changed.';
  END IF;
END`,
    'guard',
  );
}

function isChanged({ table, rows, columns, digest }: WrittenTable): string {
  if (rows === 0) return `EXISTS (SELECT FROM ${rowsOf(table)})`;
  return `(SELECT count(*) <> ${rows} OR ${digestExpression(columns)} <> '${digest}' FROM ${rowsOf(table)})`;
}
