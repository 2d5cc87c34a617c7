import { SquashError } from '../errors.js';
import type { TableDigest } from './digest.js';
import type { Cell, TableRows } from './read.js';
import type { StoredColumn } from './tables.js';

/** What becomes of a column whose values differ from one replay to the next. */
export type Ruling =
  /** Its column's default gives it, as it did when the history ran. */
  | 'default'
  /** The time at which the baseline runs; the history wrote the time at which it ran. */
  | 'now'
  /** It refers to a key that is left to its default: looked up by what stays the same of that row. */
  | 'lookup'
  /** This replay's value. */
  | 'freeze';

/** One ruling, as it stands in the baseline's metadata and in the report. */
export interface VolatileColumn {
  readonly table: string;
  readonly column: string;
  readonly ruling: Ruling;
}

/** The same table after two replays; rows are in the same order. */
export interface TwinRows {
  readonly first: TableRows;
  readonly second: TableRows;
}

/** When the first replay ran, by the server's clock, in milliseconds since 1970. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/**
 * Columns that differ between two replays of one history, by table id.
 * @throws SquashError HISTORY_UNSTABLE where the number of rows differs.
 */
export function differingColumns(
  first: readonly TableDigest[],
  second: readonly TableDigest[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const twins = new Map(second.map((digest) => [digest.table, digest]));
  const found = new Map<string, ReadonlySet<string>>();
  for (const one of [
    ...first,
    ...second.filter((digest) => !first.some(({ table }) => table === digest.table)),
  ]) {
    const two = twins.get(one.table);
    if (two === undefined || two.rows !== one.rows || !first.includes(one)) {
      throw unstable(
        one.table,
        `has ${first.includes(one) ? one.rows : 0} rows after one replay and ${two?.rows ?? 0} after another`,
      );
    }
    const columns = Object.keys(one.columns).filter((name) => one.columns[name] !== two.columns[name]);
    if (columns.length > 0 || one.digest !== two.digest) found.set(one.table, new Set(columns));
  }
  return found;
}

/**
 * Rules every volatile column by its default, its type and its keys.
 *
 * @throws SquashError VOLATILE_UNRULED naming the columns that are neither a time nor a key nor
 *   explained by a default: a value made for one installation must not be shared by all.
 */
export function rule(
  twins: readonly TwinRows[],
  volatile: ReadonlyMap<string, ReadonlySet<string>>,
  window: Window,
): readonly VolatileColumn[] {
  const tables = new Map(twins.map(({ first }) => [first.table.identity, first]));
  const columns = twins.flatMap(({ first, second }) => {
    refuseUnpaired(first, second, volatile.get(first.table.id) ?? new Set());
    return first.table.columns
      .filter((column) => volatile.get(first.table.id)?.has(column.name))
      .map((column) => ({ rows: first, second, column }));
  });
  const byDefault = new Set(
    columns
      .filter(({ column }) => explains(column))
      .map(({ rows, column }) => `${rows.table.identity} ${column.name}`),
  );
  const unruled: string[] = [];
  const rulings = columns.flatMap(({ rows, second, column }): readonly VolatileColumn[] => {
    const ruling = ruleColumn(rows, second, column, { byDefault, tables, volatile, window });
    if (ruling === null) unruled.push(`${rows.table.identity}.${column.name}`);
    return ruling === null ? [] : [{ table: rows.table.id, column: column.name, ruling }];
  });
  if (unruled.length > 0) throw unruledColumns(unruled);
  return rulings;
}

interface Context {
  readonly byDefault: ReadonlySet<string>;
  readonly tables: ReadonlyMap<string, TableRows>;
  readonly volatile: ReadonlyMap<string, ReadonlySet<string>>;
  readonly window: Window;
}

function ruleColumn(
  rows: TableRows,
  second: TableRows,
  column: StoredColumn,
  context: Context,
): Ruling | null {
  const { table } = rows;
  const reference = table.foreignKeys.find((key) => key.column === column.name);
  if (reference !== undefined) {
    const target = context.tables.get(reference.references);
    const isOpen = context.byDefault.has(`${reference.references} ${reference.referencedColumn}`);
    if (!isOpen || target === undefined || target.table.id === table.id) return 'freeze';
    return naturalKey(target, context.volatile.get(target.table.id) ?? new Set()) === null
      ? 'freeze'
      : 'lookup';
  }
  if (explains(column)) return isReferencedBlindly(rows, column, context) ? 'freeze' : 'default';
  if (/^(timestamp|time|date)/.test(column.type))
    return isReplayTime(rows, second, column, context.window) ? 'now' : 'freeze';
  return table.primaryKey?.includes(column.name) === true ? 'freeze' : null;
}

/** A default that calls something can differ from run to run. */
function explains(column: StoredColumn): boolean {
  return (
    column.identity !== null ||
    (column.default !== null && /\(|CURRENT_|LOCALTIME|SESSION_USER/i.test(column.default))
  );
}

/** A key that others refer to, in a table where nothing else identifies a row, must keep its value. */
function isReferencedBlindly(rows: TableRows, column: StoredColumn, context: Context): boolean {
  const isReferenced = [...context.tables.values()].some(({ table }) =>
    table.foreignKeys.some(
      (key) => key.references === rows.table.identity && key.referencedColumn === column.name,
    ),
  );
  if (!isReferenced) return false;
  const refersToItself = rows.table.foreignKeys.some(
    (key) => key.references === rows.table.identity && context.volatile.get(rows.table.id)?.has(key.column),
  );
  return refersToItself || naturalKey(rows, context.volatile.get(rows.table.id) ?? new Set()) === null;
}

/**
 * Columns that identify each row and don't differ between replays: a unique key, else one column
 * whose values are all different, else all of them together; null where rows are alike.
 */
export function naturalKey(
  { table, rows }: TableRows,
  volatile: ReadonlySet<string>,
): readonly string[] | null {
  const steady = table.columns.map((column) => column.name).filter((name) => !volatile.has(name));
  const candidates = [
    ...(table.primaryKey === null ? [] : [table.primaryKey]),
    ...table.uniqueKeys,
    ...steady.map((name) => [name]),
    steady,
  ];
  const at = new Map(table.columns.map((column, place) => [column.name, place]));
  const identifies = (key: readonly string[]): boolean => {
    const values = rows.map((row) => key.map((name) => row[at.get(name) ?? -1] ?? null));
    return (
      values.every((value) => !value.includes(null)) &&
      new Set(values.map((value) => JSON.stringify(value))).size === rows.length
    );
  };
  return (
    candidates.find(
      (key) => key.length > 0 && key.every((name) => steady.includes(name)) && identifies(key),
    ) ?? null
  );
}

const quarterHour = 15 * 60_000;

/** Whether all volatile values lie within the replay; a time without zone may be off by whole quarters of hours. */
function isReplayTime(first: TableRows, second: TableRows, column: StoredColumn, window: Window): boolean {
  if (!column.type.startsWith('timestamp')) return false;
  const place = first.table.columns.findIndex(({ name }) => name === column.name);
  return first.rows.every((row, at) => {
    const value = row[place] ?? null;
    if (value === null || value === second.rows[at]?.[place]) return true;
    const time = Date.parse(`${value.replace(' ', 'T').replace(/[+-]\d\d(:?\d\d)?$/, '')}Z`);
    const offset = column.type.includes('with time zone')
      ? 0
      : Math.round((time - window.start) / quarterHour) * quarterHour;
    return time - offset >= window.start - 1000 && time - offset <= window.end + 1000;
  });
}

function refuseUnpaired(first: TableRows, second: TableRows, volatile: ReadonlySet<string>): void {
  const steady = first.table.columns
    .map((column, at) => ({ name: column.name, at }))
    .filter(({ name }) => !volatile.has(name));
  const text = (row: readonly Cell[] | undefined): string =>
    JSON.stringify(steady.map(({ at }) => row?.[at] ?? null));
  if (first.rows.some((row, at) => text(row) !== text(second.rows[at]))) {
    throw unstable(first.table.id, 'has rows whose values are paired differently after each replay');
  }
}

function unstable(table: string, how: string): SquashError {
  return new SquashError('HISTORY_UNSTABLE', `the history does not reproduce itself: ${table} ${how}`, {
    hint: 'Make the migration that writes these rows give the same rows each time (await one insert before the next, take no value from chance).',
  });
}

function unruledColumns(columns: readonly string[]): SquashError {
  return new SquashError(
    'VOLATILE_UNRULED',
    `${columns.length === 1 ? 'a column holds' : 'columns hold'} values that differ each time the history runs, and that no default explains: ${columns.join(', ')}`,
    {
      hint: 'If it is a secret, every new installation would share it. Rule it in the knexfile, under squash.volatile: "freeze" keeps this replay\'s value.',
    },
  );
}

/** Columns that are ruled to their default or looked up differ by nature; frozen ones must not. */
export function ignoredColumns(rulings: readonly VolatileColumn[]): ReadonlyMap<string, ReadonlySet<string>> {
  const ignored = new Map<string, Set<string>>();
  for (const { table, column, ruling } of rulings) {
    if (ruling === 'freeze') continue;
    ignored.set(table, (ignored.get(table) ?? new Set()).add(column));
  }
  return ignored;
}
