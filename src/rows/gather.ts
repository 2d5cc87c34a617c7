import { type Evidence, KeyPairs, observeColumns } from './evidence.js';
import type { HeldRows, Sessions } from './hold.js';
import type { KeyColumns } from './keys.js';
import { type Row, streamRows } from './read.js';
import type { StoredColumn, StoredTable } from './tables.js';
import { unstableError } from './unstable.js';
import { columnName, type TwinRows, type Window } from './volatile.js';

/** Both replays' versions of one row. */
type Pair = readonly [Row, Row];

/**
 * Looks at every pair of rows of the tables that differ: at those in memory, and at big ones as they
 * stream by.
 *
 * @returns what was seen of each column that differs, by columnName.
 * @throws SquashError HISTORY_UNSTABLE where the rest of a row has another partner in each replay.
 */
export async function gatherEvidence(
  sessions: Sessions,
  { twins, big, volatile }: HeldRows,
  keys: KeyColumns,
  windows: readonly [Window, Window],
): Promise<ReadonlyMap<string, Evidence>> {
  const none: ReadonlySet<string> = new Set();
  const differing = twins.filter(({ first }) => volatile.has(first.table.id));
  const known = new KeyPairs();
  for (const twin of differing) rememberKeys(twin, volatile.get(twin.first.table.id) ?? none, keys, known);
  const sources = [
    ...differing.map((twin) => ({ table: twin.first.table, pairs: heldPairs(twin) })),
    ...big
      .filter(({ id }) => volatile.has(id))
      .map((table) => ({ table, pairs: streamedPairs(sessions, table, volatile.get(table.id) ?? none) })),
  ];
  const evidence: Evidence[] = [];
  for (const { table, pairs } of sources) {
    const columns = volatile.get(table.id) ?? none;
    const observer = observeColumns(table, columns, windows, known);
    for await (const [first, second] of pairs) {
      refuseOtherPartner(table, columns, first, second);
      observer.see(first, second);
    }
    evidence.push(...observer.evidence());
  }
  return new Map(evidence.map((each) => [columnName(each.table, each.column), each]));
}

function* heldPairs({ first, second }: TwinRows): Generator<Pair> {
  for (const [at, row] of first.rows.entries()) yield [row, second.rows[at] ?? []];
}

async function* streamedPairs(
  { one, two }: Sessions,
  table: StoredTable,
  volatile: ReadonlySet<string>,
): AsyncGenerator<Pair> {
  const others = streamRows(two, table, volatile);
  for await (const row of streamRows(one, table, volatile)) {
    const other = await others.next();
    yield [row, other.done === true ? [] : other.value];
  }
  await others.next();
}

/** Keys, and columns that a default can fill, are what other columns may refer to. */
function rememberKeys(
  { first, second }: TwinRows,
  volatile: ReadonlySet<string>,
  keys: KeyColumns,
  pairs: KeyPairs,
): void {
  const { table } = first;
  const isKey = (column: StoredColumn): boolean => {
    const name = columnName(table, column);
    const isFilled = column.default !== null && !/^(timestamp|time|date)/.test(column.type);
    return keys.primary.has(name) || keys.referenced.has(name) || isFilled;
  };
  for (const [at, column] of table.columns.entries()) {
    if (!volatile.has(column.name) || !isKey(column)) continue;
    for (const [number, row] of first.rows.entries()) {
      const [one, two] = [row[at] ?? null, second.rows[number]?.[at] ?? null];
      if (one !== two) pairs.add(columnName(table, column), one, two);
    }
  }
}

function refuseOtherPartner(
  table: StoredTable,
  volatile: ReadonlySet<string>,
  first: Row,
  second: Row,
): void {
  const isSteady = (column: StoredColumn, at: number): boolean =>
    volatile.has(column.name) || first[at] === second[at];
  if (table.columns.every(isSteady)) return;
  throw unstableError([
    { object: table.id, how: 'has rows whose values are paired differently after each replay' },
  ]);
}
