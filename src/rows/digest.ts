import type { Queryable } from '../database/client.js';
import { quoteIdent, quoteLiteral } from '../database/sql.js';
import { rowsOf, type StoredTable } from './tables.js';

/** How many rows a table has, and a hash over them that doesn't depend on their order. */
export interface TableDigest {
  /** Id of the table. */
  readonly table: string;
  readonly rows: number;
  /** Characters of all rows as the server prints them. */
  readonly size: number;
  readonly digest: string;
}

/** Which columns of a table don't count. */
export type LeftOutColumns = (table: string) => ReadonlySet<string>;

/** Statements of one query that unite as many tables: more would be slow to plan. */
const tablesPerQuery = 400;

/**
 * SQL for the hash over a table's rows, of the columns given. It depends on how values print, so the
 * session must be fenced. Rows are hashed one by one and their hashes sorted, so that neither the
 * order nor a table's size matters.
 */
export function digestExpression(columns: readonly string[]): string {
  const row = `pg_catalog.sha256(pg_catalog.convert_to(ROW(${columns.map(quoteIdent).join(', ')})::text, 'UTF8'))`;
  const all = `pg_catalog.string_agg(${row}, ''::bytea ORDER BY ${row})`;
  return `pg_catalog.encode(pg_catalog.sha256(coalesce(${all}, ''::bytea)), 'hex')`;
}

/** Number, size and hash of the rows of each table. */
export async function readDigests(
  client: Queryable,
  tables: readonly StoredTable[],
  leftOut: LeftOutColumns = () => new Set(),
): Promise<readonly TableDigest[]> {
  return inPieces(client, tables, (table) => {
    const columns = countedColumns(table, leftOut);
    const row = `ROW(${columns.map(quoteIdent).join(', ')})::text`;
    return `SELECT ${quoteLiteral(table.id)} AS table, count(*)::int AS rows, coalesce(sum(length(${row})), 0)::float8 AS size,
      ${digestExpression(columns)} AS digest FROM ${rowsOf(table)}`;
  });
}

/** The same for each column alone, by table and column: it tells in what two tables differ. */
export async function readColumnDigests(
  client: Queryable,
  tables: readonly StoredTable[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const rows = await inPieces<{ table: string; columns: Record<string, string> }>(client, tables, (table) => {
    const each = countedColumns(table).map((name) => `${quoteLiteral(name)}, ${digestExpression([name])}`);
    // A function takes 100 arguments, so many columns go in several objects.
    const objects = chunks(each, 50).map((part) => `jsonb_build_object(${part.join(', ')})`);
    return `SELECT ${quoteLiteral(table.id)} AS table, ${objects.join(' || ') || `'{}'::jsonb`} AS columns FROM ${rowsOf(table)}`;
  });
  return new Map(rows.map(({ table, columns }) => [table, columns]));
}

/** The tables that hold at least one row. */
export async function tablesWithRows(
  client: Queryable,
  tables: readonly StoredTable[],
): Promise<readonly StoredTable[]> {
  const found = await inPieces<{ id: string }>(
    client,
    tables,
    (table) => `SELECT ${quoteLiteral(table.id)} AS id WHERE EXISTS (SELECT FROM ${rowsOf(table)})`,
  );
  const ids = new Set(found.map(({ id }) => id));
  return tables.filter((table) => ids.has(table.id));
}

/** One query for many things, a SELECT for each. */
export async function inPieces<Row extends object, Thing = StoredTable>(
  client: Queryable,
  things: readonly Thing[],
  select: (thing: Thing) => string,
): Promise<readonly Row[]> {
  const all: Row[] = [];
  for (const part of chunks(things, tablesPerQuery)) {
    const { rows } = await client.query<Row>(part.map(select).join('\nUNION ALL\n'));
    all.push(...rows);
  }
  return all;
}

function countedColumns(table: StoredTable, leftOut?: LeftOutColumns): readonly string[] {
  const skipped = leftOut?.(table.id);
  return table.columns.map((column) => column.name).filter((name) => skipped?.has(name) !== true);
}

/** A list in pieces of at most `size`. */
export function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) =>
    list.slice(at * size, (at + 1) * size),
  );
}
