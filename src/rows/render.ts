import { quoteIdent, quoteLiteral } from '../database/sql.js';
import type { Cell, SequencePosition, TableRows } from './read.js';
import type { StoredColumn, StoredTable } from './tables.js';
import { naturalKey, type Ruling, type TwinRows, type VolatileColumn } from './volatile.js';

/** The statements that insert a table's rows, and the ids of tables whose rows they look up. */
export interface RenderedRows {
  readonly table: string;
  readonly statements: readonly string[];
  readonly after: readonly string[];
}

/** Rows of one INSERT: more make a statement that nobody can read. */
const rowsPerInsert = 500;

/**
 * INSERTs for every table, values as literals of the column's type.
 * @param twins the rows after both replays, which show what is volatile cell by cell.
 */
export function renderRows(
  twins: readonly TwinRows[],
  rulings: readonly VolatileColumn[],
): readonly RenderedRows[] {
  const volatile = new Map<string, Map<string, Ruling>>();
  for (const { table, column, ruling } of rulings) {
    const columns = volatile.get(table) ?? new Map<string, Ruling>();
    volatile.set(table, columns.set(column, ruling));
  }
  const lookups = new Map(
    twins.map(({ first }) => [
      first.table.identity,
      { rows: first, key: naturalKey(first, new Set(volatile.get(first.table.id)?.keys() ?? [])) },
    ]),
  );
  return twins.map((twin) => renderTable(twin, volatile.get(twin.first.table.id) ?? new Map(), lookups));
}

interface Lookup {
  readonly rows: TableRows;
  readonly key: readonly string[] | null;
}

function renderTable(
  { first, second }: TwinRows,
  rulings: ReadonlyMap<string, Ruling>,
  lookups: ReadonlyMap<string, Lookup>,
): RenderedRows {
  const { table } = first;
  const isVolatile = (row: number, column: number): boolean =>
    first.rows[row]?.[column] !== second.rows[row]?.[column];
  const written = table.columns
    .map((column, at) => ({ column, at, ruling: rulings.get(column.name) ?? null }))
    // A column that is left to its default in every row is left out of the list.
    .filter(({ ruling, at }) => ruling !== 'default' || first.rows.some((_, row) => !isVolatile(row, at)));
  const tuples = first.rows.map((row, number) =>
    written.map(({ column, at, ruling }) => {
      const cell = row[at] ?? null;
      const ruled = ruling !== null && isVolatile(number, at) ? ruling : null;
      if (ruled === 'default') return 'DEFAULT';
      if (ruled === 'now') return 'CURRENT_TIMESTAMP';
      if (ruled === 'lookup' && cell !== null) return lookup(table, column, cell, lookups);
      return literal(cell, column);
    }),
  );
  const after = new Set(
    written
      .filter(({ ruling }) => ruling === 'lookup')
      .map(({ column }) => reference(table, column, lookups)?.target.rows.table.id ?? table.id),
  );
  const names = written.map(({ column }) => quoteIdent(column.name)).join(', ');
  const overriding = written.some(({ column }) => column.identity === 'always')
    ? ' OVERRIDING SYSTEM VALUE'
    : '';
  const head = `INSERT INTO ${table.identity} (${names})${overriding} VALUES`;
  const statements =
    written.length === 0
      ? tuples.map(() => `INSERT INTO ${table.identity} DEFAULT VALUES`)
      : pieces(tuples).map(
          (part) => `${head}\n${part.map((tuple) => `  (${tuple.join(', ')})`).join(',\n')}`,
        );
  return { table: table.id, statements, after: [...after].filter((id) => id !== table.id).sort() };
}

function pieces(tuples: readonly (readonly string[])[]): readonly (readonly (readonly string[])[])[] {
  return Array.from({ length: Math.ceil(tuples.length / rowsPerInsert) }, (_, at) =>
    tuples.slice(at * rowsPerInsert, (at + 1) * rowsPerInsert),
  );
}

function reference(table: StoredTable, column: StoredColumn, lookups: ReadonlyMap<string, Lookup>) {
  const key = table.foreignKeys.find((candidate) => candidate.column === column.name);
  const target = key === undefined ? undefined : lookups.get(key.references);
  return key === undefined || target === undefined ? null : { key, target };
}

/** A subquery that finds the referenced row by what stays the same of it. */
function lookup(
  table: StoredTable,
  column: StoredColumn,
  cell: string,
  lookups: ReadonlyMap<string, Lookup>,
): string {
  const found = reference(table, column, lookups);
  if (found === null) return literal(cell, column);
  const { rows, key } = found.target;
  const place = (name: string): number => rows.table.columns.findIndex((each) => each.name === name);
  const row = rows.rows.find((candidate) => candidate[place(found.key.referencedColumn)] === cell);
  if (row === undefined || key === null) return literal(cell, column);
  const conditions = key.map(
    (name) =>
      `${quoteIdent(name)} = ${literal(row[place(name)] ?? null, rows.table.columns[place(name)] as StoredColumn)}`,
  );
  return `(SELECT ${quoteIdent(found.key.referencedColumn)} FROM ${found.key.references} WHERE ${conditions.join(' AND ')})`;
}

/** Whole numbers and booleans bare, everything else as text that the type's input function reads. */
export function literal(cell: Cell, column: Pick<StoredColumn, 'type'>): string {
  if (cell === null) return 'NULL';
  if (/^(smallint|integer|bigint)$/.test(column.type) && /^-?\d+$/.test(cell)) return cell;
  if (column.type === 'boolean') return cell === 't' ? 'true' : 'false';
  return quoteLiteral(cell);
}

/** setval() for every sequence that has moved or stands elsewhere than at its start. */
export function renderPositions(
  positions: readonly SequencePosition[],
  starts: ReadonlyMap<string, string>,
): readonly string[] {
  return positions
    .filter(({ sequence, lastValue, isCalled }) => isCalled || lastValue !== starts.get(sequence))
    .map(
      ({ sequence, lastValue, isCalled }) =>
        `SELECT pg_catalog.setval(${quoteLiteral(sequence)}, ${lastValue}, ${isCalled})`,
    );
}
