import { quoteIdent } from '../database/sql.js';
import { literal } from './literal.js';
import type { Row, TableRows } from './read.js';
import type { StoredTable } from './tables.js';
import type { Target } from './volatile.js';

/** A table in which rows are looked up, and by what. */
export interface LookupTable {
  readonly rows: TableRows;
  /** Columns that identify its rows and stay the same; null where there are none. */
  readonly key: readonly string[] | null;
}

/** Gives, for a row, the subquery that finds the row it refers to; null where it refers to none. */
export function lookupsOf(
  table: StoredTable,
  { column, match }: Target,
  { rows, key }: LookupTable,
): (row: Row) => string | null {
  const target = rows.table;
  const place = (of: StoredTable, name: string): number => of.columns.findIndex((each) => each.name === name);
  const own = match.map(([name]) => place(table, name));
  const theirs = match.map(([, name]) => place(target, name));
  const value = (row: Row, places: readonly number[]): string =>
    JSON.stringify(places.map((at) => row[at] ?? null));
  const byValue = new Map(rows.rows.map((row) => [value(row, theirs), row]));
  return (row) => {
    const found = byValue.get(value(row, own));
    if (found === undefined || key === null) return null;
    const conditions = key.map((name) => {
      const at = place(target, name);
      return `${quoteIdent(name)} = ${literal(found[at] ?? null, target.columns[at]?.type ?? 'text')}`;
    });
    return `(SELECT ${quoteIdent(column)} FROM ONLY ${target.identity} WHERE ${conditions.join(' AND ')})`;
  };
}
