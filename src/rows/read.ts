import type { Queryable } from '../database/client.js';
import { quoteIdent, quoteLiteral } from '../database/sql.js';
import { chunks, digestQuery, type TableDigest } from './digest.js';
import type { StoredColumn, StoredTable } from './tables.js';

/** A value as the type's output function prints it, or null. */
export type Cell = string | null;

/** The rows of a table, in the order that was asked for. */
export interface TableRows {
  readonly table: StoredTable;
  readonly rows: readonly (readonly Cell[])[];
}

/** Where a sequence stands. */
export interface SequencePosition {
  readonly sequence: string;
  readonly lastValue: string;
  readonly isCalled: boolean;
}

/** Statements of one query that unite as many tables: more would be slow to plan. */
const tablesPerQuery = 400;

/** The tables that hold at least one row. */
export async function tablesWithRows(
  client: Queryable,
  tables: readonly StoredTable[],
): Promise<readonly StoredTable[]> {
  const found = new Set<string>();
  for (const part of chunks(tables, tablesPerQuery)) {
    const text = part.map(
      (table) => `SELECT ${quoteLiteral(table.id)} AS id WHERE EXISTS (SELECT FROM ONLY ${table.identity})`,
    );
    const { rows } = await client.query<{ id: string }>(text.join('\nUNION ALL\n'));
    for (const row of rows) found.add(row.id);
  }
  return tables.filter((table) => found.has(table.id));
}

/** Number and hash of the rows of each table; columns that `leftOut` names don't count. */
export async function readDigests(
  client: Queryable,
  tables: readonly StoredTable[],
  leftOut: (table: string) => ReadonlySet<string> = () => new Set(),
): Promise<readonly TableDigest[]> {
  const digests: TableDigest[] = [];
  for (const part of chunks(tables, tablesPerQuery)) {
    const { rows } = await client.query<TableDigest>(digestQuery(part, leftOut));
    digests.push(...rows);
  }
  return digests;
}

/** pg would turn values into JavaScript's; the text that the server prints is the exact value. */
const asText = { getTypeParser: () => (value: unknown) => value };

/**
 * All rows of a table, ordered by its primary key unless that is among the `volatile` columns, else by
 * the text of all columns that aren't.
 */
export async function readRows(
  client: Queryable,
  table: StoredTable,
  volatile: ReadonlySet<string>,
): Promise<TableRows> {
  const columns = table.columns.map((column) => quoteIdent(column.name)).join(', ');
  const { rows } = await client.query<Cell[]>({
    text: `SELECT ${columns === '' ? '' : columns} FROM ONLY ${table.identity}${ordering(table, volatile)}`,
    rowMode: 'array',
    types: asText as never,
  });
  return { table, rows };
}

function ordering(table: StoredTable, volatile: ReadonlySet<string>): string {
  const key = table.primaryKey ?? [];
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  const byKey = key.length > 0 && key.every((name) => !volatile.has(name) && byName.has(name));
  const columns = byKey
    ? key.map((name) => keyExpression(byName.get(name) as StoredColumn))
    : table.columns
        .filter((column) => !volatile.has(column.name))
        .map((column) => `${quoteIdent(column.name)}::text COLLATE "C"`);
  return columns.length === 0 ? '' : ` ORDER BY ${columns.join(', ')}`;
}

/** Numbers in their own order, anything else by its text: a collation differs between machines. */
function keyExpression({ name, type }: StoredColumn): string {
  const column = quoteIdent(name);
  return /^(smallint|integer|bigint|numeric|date|timestamp)/.test(type)
    ? column
    : `${column}::text COLLATE "C"`;
}

/** Positions of all sequences. */
export async function readSequences(
  client: Queryable,
  sequences: readonly string[],
): Promise<readonly SequencePosition[]> {
  const positions: SequencePosition[] = [];
  for (const part of chunks(sequences, tablesPerQuery)) {
    const text = part.map(
      (sequence) =>
        `SELECT ${quoteLiteral(sequence)} AS sequence, last_value::text AS "lastValue", is_called AS "isCalled" FROM ${sequence}`,
    );
    const { rows } = await client.query<SequencePosition>(text.join('\nUNION ALL\n'));
    positions.push(...rows);
  }
  return positions;
}
