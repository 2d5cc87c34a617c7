import { quoteIdent, quoteLiteral } from '../database/sql.js';
import { chunks } from './digest.js';
import { naturalKey } from './keys.js';
import { literal } from './literal.js';
import { type LookupTable, lookupsOf } from './lookup.js';
import type { Row, SequencePosition } from './read.js';
import type { StoredColumn, StoredTable } from './tables.js';
import type { Decision, TwinRows } from './volatile.js';

/** The statements that insert a table's rows, and the ids of tables whose rows they look up. */
export interface RenderedRows {
  readonly table: StoredTable;
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
  decisions: readonly Decision[],
): readonly RenderedRows[] {
  const byTable = new Map<string, Map<string, Decision>>();
  for (const decision of decisions) {
    const columns = byTable.get(decision.table) ?? new Map<string, Decision>();
    byTable.set(decision.table, columns.set(decision.column, decision));
  }
  const ruled = (table: StoredTable): ReadonlyMap<string, Decision> => byTable.get(table.id) ?? new Map();
  const lookups = new Map(
    twins.map(({ first }) => [
      first.table.identity,
      { rows: first, key: naturalKey(first, new Set(ruled(first.table).keys())) },
    ]),
  );
  return twins.map((twin) => renderTable(twin, ruled(twin.first.table), lookups));
}

type Lookups = ReadonlyMap<string, LookupTable>;

/** A column as it is written: what stands for its value in each row. */
interface WrittenColumn {
  readonly column: StoredColumn;
  readonly value: (first: Row, second: Row) => string;
}

function renderTable(
  { first, second }: TwinRows,
  decisions: ReadonlyMap<string, Decision>,
  lookups: Lookups,
): RenderedRows {
  const { table } = first;
  const twin = (at: number): Row => second.rows[at] ?? [];
  const written = table.columns.flatMap((column, at): readonly WrittenColumn[] => {
    const decision = decisions.get(column.name);
    // A column that is left to its default in every row is left out of the list.
    const isLeft =
      decision?.ruling === 'default' && first.rows.every((row, number) => row[at] !== twin(number)[at]);
    return isLeft ? [] : [{ column, value: valueFor(table, column, at, decision, lookups) }];
  });
  const tuples = first.rows.map((row, number) => written.map(({ value }) => value(row, twin(number))));
  const after = [...decisions.values()].flatMap(
    ({ target }) => lookups.get(target?.table ?? '')?.rows.table.id ?? [],
  );
  return {
    table,
    statements: insertStatements(table, written, tuples),
    after: [...new Set(after)].filter((id) => id !== table.id).sort(),
  };
}

function insertStatements(
  table: StoredTable,
  written: readonly WrittenColumn[],
  tuples: readonly (readonly string[])[],
): readonly string[] {
  if (written.length === 0)
    return [`INSERT INTO ${table.identity} SELECT FROM generate_series(1, ${tuples.length})`];
  const names = written.map(({ column }) => quoteIdent(column.name)).join(', ');
  const isOverriding = written.some(({ column }) => column.identity === 'always');
  const head = `INSERT INTO ${table.identity} (${names})${isOverriding ? ' OVERRIDING SYSTEM VALUE' : ''} VALUES`;
  return chunks(tuples, rowsPerInsert).map(
    (part) => `${head}\n${part.map((tuple) => `  (${tuple.join(', ')})`).join(',\n')}`,
  );
}

/** What a column's value is written as: its literal, or what its ruling puts in place of one that differs. */
function valueFor(
  table: StoredTable,
  column: StoredColumn,
  at: number,
  decision: Decision | undefined,
  lookups: Lookups,
): WrittenColumn['value'] {
  const plain = (row: Row): string => literal(row[at] ?? null, column.type);
  const instead = decision === undefined ? plain : substitute(table, decision, lookups, plain);
  return (first, second) => (first[at] === second[at] ? plain(first) : instead(first));
}

function substitute(
  table: StoredTable,
  { ruling, target, expression }: Decision,
  lookups: Lookups,
  plain: (row: Row) => string,
): (row: Row) => string {
  switch (ruling) {
    case 'default':
      return () => 'DEFAULT';
    case 'now':
      return () => 'CURRENT_TIMESTAMP';
    case 'regenerate':
      return (row) => `(${typeof expression === 'object' ? expression[keyText(table, row)] : expression})`;
    case 'lookup': {
      const where = lookups.get(target?.table ?? '');
      if (target === undefined || where === undefined) return plain;
      const find = lookupsOf(table, target, where);
      return (row) => find(row) ?? plain(row);
    }
    default:
      return plain;
  }
}

/** A row's primary key as the settings write it: `jwt_secret`, or `a,1` where it has several columns. */
export function keyText(table: StoredTable, row: Row): string {
  const key = table.primaryKey ?? [];
  return key.map((name) => row[table.columns.findIndex((column) => column.name === name)] ?? '').join(',');
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
