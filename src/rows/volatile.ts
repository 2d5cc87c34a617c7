import { quoteIdent } from '../database/sql.js';
import type { Row, TableRows } from './read.js';
import type { StoredColumn, StoredTable } from './tables.js';

/** What becomes of a column whose values differ from one replay to the next. */
export type Ruling =
  /** Its column's default gives it, as it did when the history ran. */
  | 'default'
  /** The time at which the baseline runs; the history wrote the time at which it ran. */
  | 'now'
  /** It refers to a key that is left open: looked up by what stays the same of that row. */
  | 'lookup'
  /** This replay's value. */
  | 'freeze'
  /** An SQL expression of the project's own, evaluated anew by each database. */
  | 'regenerate';

/** One ruling, as it stands in the baseline's metadata and in the report. */
export interface VolatileColumn {
  /** Id of the table. */
  readonly table: string;
  readonly column: string;
  readonly ruling: Ruling;
  /** What `regenerate` evaluates: one expression, or one by primary key. */
  readonly expression?: string | Readonly<Record<string, string>> | undefined;
  /** The project ruled it in its knexfile. */
  readonly bySettings?: true | undefined;
  /** Why it could not be ruled otherwise. */
  readonly note?: string | undefined;
}

/** A ruling with what carrying it out takes. */
export interface Decision extends VolatileColumn {
  /** Where a `lookup` looks. */
  readonly target?: Target;
}

/** The row that a column refers to, found by the columns of a foreign key or by the value itself. */
export interface Target {
  /** Identity of the table. */
  readonly table: string;
  /** The column whose value is wanted. */
  readonly column: string;
  /** Columns of the referring table, and those of the table itself that they equal. */
  readonly match: readonly (readonly [string, string])[];
}

/** The same table after two replays; rows are in the same order. */
export interface TwinRows {
  readonly first: TableRows;
  readonly second: TableRows;
}

/** When a replay ran, by the server's clock, in milliseconds since 1970. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/** A column as settings, messages and the report call it: `public.settings.jwt_secret`. */
export function columnName(table: Pick<StoredTable, 'identity'>, column: Pick<StoredColumn, 'name'>): string {
  return `${table.identity}.${quoteIdent(column.name)}`;
}

/** A row as messages call it: its key, or null where that differs itself or there is none. */
export function rowName(table: StoredTable, row: Row, volatile: ReadonlySet<string>): string | null {
  const key = [table.primaryKey ?? [], ...table.uniqueKeys].find(
    (columns) => columns.length > 0 && columns.every((name) => !volatile.has(name)),
  );
  const parts = key?.map((name) => {
    const at = table.columns.findIndex((column) => column.name === name);
    return `${quoteIdent(name)} = ${row[at] === null ? 'NULL' : `'${short(row[at] ?? '')}'`}`;
  });
  return parts?.join(', ') ?? null;
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Columns that don't count in digests, since they differ by nature; frozen ones must not. */
export function ignoredColumns(rulings: readonly VolatileColumn[]): ReadonlyMap<string, ReadonlySet<string>> {
  const ignored = new Map<string, Set<string>>();
  for (const { table, column, ruling } of rulings) {
    if (ruling === 'freeze') continue;
    ignored.set(table, (ignored.get(table) ?? new Set()).add(column));
  }
  return ignored;
}

/** A decision as it is told: without the means to carry it out. */
export function told({ target: _target, ...ruling }: Decision): VolatileColumn {
  return ruling;
}
