import type { DefaultFacts } from './defaults.js';
import type { Evidence } from './evidence.js';
import { circular, type KeyColumns, naturalKey, referencedTables } from './keys.js';
import type { TableRows } from './read.js';
import type { StoredColumn, StoredTable } from './tables.js';
import { columnName, type Target } from './volatile.js';

/** What the rules for one column must know of all others. */
export interface Surroundings {
  /** The columns that differ, by columnName. */
  readonly evidence: ReadonlyMap<string, Evidence>;
  /** Every table whose rows the baseline carries. */
  readonly tables: readonly StoredTable[];
  /** The rows of those that are written as INSERTs, by identity; all others are copied as they are. */
  readonly held: ReadonlyMap<string, TableRows>;
  readonly defaults: ReadonlyMap<string, DefaultFacts>;
  readonly keys: KeyColumns;
}

/** Whether the column gets another value by itself each time: its default varies, or it is an identity. */
export function hasVaryingDefault(
  table: StoredTable,
  column: StoredColumn,
  { defaults }: Pick<Surroundings, 'defaults'>,
): boolean {
  return column.identity !== null || defaults.get(columnName(table, column))?.varies === true;
}

/** Where a column's value comes from: by its foreign keys, else by what it equals in both replays. */
export function referencesOf({ table, column, sameAs }: Evidence, around: Surroundings): readonly Target[] {
  const byKey = table.foreignKeys.flatMap((key): readonly Target[] => {
    const wanted = key.referencedColumns[key.columns.indexOf(column.name)];
    if (wanted === undefined) return [];
    const match = key.columns.map((name, at) => [name, key.referencedColumns[at] ?? ''] as const);
    const target = { table: key.references, column: wanted, match };
    return keysOf(target, around).length === 0 ? [] : [target];
  });
  if (byKey.length > 0 || hasVaryingDefault(table, column, around)) return byKey;
  const isKey = (of: Pick<Evidence, 'table' | 'column'>): boolean => {
    const name = columnName(of.table, of.column);
    return around.keys.primary.has(name) || around.keys.referenced.has(name);
  };
  return sameAs
    .flatMap((name) => around.evidence.get(name) ?? [])
    .filter(
      (other) =>
        (other.table !== table || other.column !== column) &&
        // Of two columns that share a value which no default explains, the key comes first.
        (hasVaryingDefault(other.table, other.column, around) || (!isKey({ table, column }) && isKey(other))),
    )
    .slice(0, 1)
    .map((other) => ({
      table: other.table.identity,
      column: other.column.name,
      match: [[column.name, other.column.name] as const],
    }));
}

/** The columns that may hold a target's value: one, or one for each leaf of a partitioned table. */
export function keysOf(target: Target, { evidence, tables }: Surroundings): readonly Evidence[] {
  return referencedTables(target.table, tables).flatMap(
    (table) => evidence.get(columnName(table, { name: target.column })) ?? [],
  );
}

/** A column that is to be looked up in another table. */
export interface Lookup {
  readonly evidence: Evidence;
  readonly target: Target;
}

/** A key that lookups can't find again, and why: it must keep its value. */
export interface Clash {
  readonly key: Evidence;
  readonly note: string;
}

export function clashesOf(lookups: readonly Lookup[], around: Surroundings): readonly Clash[] {
  const links = lookups.map(({ evidence, target }) => ({
    from: evidence.table.identity,
    to: target.table,
    target,
  }));
  const circles = new Set(circular(links).map(({ target }) => target));
  return lookups.flatMap(({ evidence, target }) => {
    const note = circles.has(target)
      ? 'rows refer to it around a circle'
      : whyNotFound(evidence.table, target, around);
    return note === null ? [] : keysOf(target, around).map((key) => ({ key, note }));
  });
}

function whyNotFound(from: StoredTable, { table }: Target, around: Surroundings): string | null {
  const rows = around.held.get(table);
  if (rows === undefined || !around.held.has(from.identity))
    return 'rows refer to it that are copied from a file, or it lies there itself';
  return naturalKey(rows, volatileColumns(rows.table, around)) === null
    ? 'others refer to it, and nothing else identifies its rows'
    : null;
}

/** Names of a table's columns that differ between the replays. */
export function volatileColumns(
  table: Pick<StoredTable, 'id'>,
  { evidence }: Pick<Surroundings, 'evidence'>,
): ReadonlySet<string> {
  const own = [...evidence.values()].filter((each) => each.table.id === table.id);
  return new Set(own.map(({ column }) => column.name));
}
