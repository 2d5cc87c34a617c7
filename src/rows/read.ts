import type { Queryable } from '../database/client.js';
import { quoteIdent, quoteLiteral } from '../database/sql.js';
import { inPieces } from './digest.js';
import { rowsOf, type StoredColumn, type StoredTable } from './tables.js';

/** A value as the type's output function prints it, or null. */
export type Cell = string | null;

/** The cells of one row, in the order of the table's columns. */
export type Row = readonly Cell[];

/** The rows of a table, in the order that was asked for. */
export interface TableRows {
  readonly table: StoredTable;
  readonly rows: readonly Row[];
}

/** Where a sequence stands. */
export interface SequencePosition {
  readonly sequence: string;
  readonly lastValue: string;
  readonly isCalled: boolean;
}

/** pg would turn values into JavaScript's; the text that the server prints is the exact value. */
const asText = { getTypeParser: () => (value: unknown) => value };

/** All rows of a table, ordered as {@link selectRows} says. */
export async function readRows(
  client: Queryable,
  table: StoredTable,
  volatile: ReadonlySet<string>,
): Promise<TableRows> {
  const { rows } = await client.query<Cell[]>(textQuery(selectRows(table, volatile)));
  return { table, rows };
}

/** The same, piece by piece, for tables that are too big to be held. Needs a transaction. */
export async function* streamRows(
  client: Queryable,
  table: StoredTable,
  volatile: ReadonlySet<string>,
): AsyncGenerator<Row, void, undefined> {
  streams += 1;
  const cursor = `knex_squash_${streams}`;
  await client.query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${selectRows(table, volatile)}`);
  for (;;) {
    const { rows } = await client.query<Cell[]>(textQuery(`FETCH ${rowsPerFetch} FROM ${cursor}`));
    yield* rows;
    if (rows.length < rowsPerFetch) break;
  }
  await client.query(`CLOSE ${cursor}`);
}

let streams = 0;

const rowsPerFetch = 2000;

function textQuery(text: string) {
  return { text, rowMode: 'array' as const, types: asText as never };
}

/**
 * The query for a table's rows, ordered by its primary key unless that is among the `volatile`
 * columns, else by the text of all columns that aren't.
 */
export function selectRows(
  table: StoredTable,
  volatile: ReadonlySet<string>,
  written: readonly StoredColumn[] = table.columns,
): string {
  const columns = written.map((column) => quoteIdent(column.name)).join(', ');
  return `SELECT ${columns} FROM ${rowsOf(table)}${ordering(table, volatile)}`;
}

function ordering(table: StoredTable, volatile: ReadonlySet<string>): string {
  const key = table.primaryKey ?? [];
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  const byKey = key.length > 0 && key.every((name) => !volatile.has(name) && byName.has(name));
  const columns = byKey
    ? key.map((name) => keyExpression(byName.get(name) as StoredColumn))
    : byEach(table.columns.map(({ name }) => name).filter((name) => !volatile.has(name)));
  return columns.length === 0 ? '' : ` ORDER BY ${columns.join(', ')}`;
}

/** What is ordered by counts as selected too, and more than 1,664 entries no query may have (MaxTupleAttributeNumber). */
const mostOrdered = 500;

function byEach(names: readonly string[]): readonly string[] {
  const columns = names.map(quoteIdent);
  return columns.length > mostOrdered
    ? [`ROW(${columns.join(', ')})::text COLLATE "C"`]
    : columns.map((column) => `${column}::text COLLATE "C"`);
}

/** Numbers in their own order, anything else by its text: a collation differs between machines. */
function keyExpression({ name, type }: StoredColumn): string {
  const column = quoteIdent(name);
  return /^(smallint|integer|bigint|numeric|date|timestamp)/.test(type)
    ? column
    : `${column}::text COLLATE "C"`;
}

/** Positions of sequences. */
export async function readSequences(
  client: Queryable,
  sequences: readonly string[],
): Promise<readonly SequencePosition[]> {
  return inPieces<SequencePosition, string>(
    client,
    sequences,
    (sequence) =>
      `SELECT ${quoteLiteral(sequence)} AS sequence, last_value::text AS "lastValue", is_called AS "isCalled" FROM ${sequence}`,
  );
}
