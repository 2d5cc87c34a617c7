import { quoteIdent, quoteLiteral } from '../database/sql.js';
import type { StoredTable } from './tables.js';

/** How many rows a table has, and a hash over them that doesn't depend on their order. */
export interface TableDigest {
  readonly table: string;
  readonly rows: number;
  readonly digest: string;
  /** The same for each writable column alone, which tells where two tables differ. */
  readonly columns: Readonly<Record<string, string>>;
}

/**
 * SQL for the hash over a table's rows, of the columns given. It depends on how values print, so the
 * session must be fenced. Rows are hashed one by one and their hashes sorted, so that neither the
 * order nor a table's size matters.
 */
export function digestExpression(columns: readonly string[]): string {
  const row = `md5(ROW(${columns.map(quoteIdent).join(', ')})::text)`;
  return `md5(coalesce(string_agg(${row}, '' ORDER BY ${row} COLLATE "C"), ''))`;
}

/** One row per table: its id, the number of rows, the hash of all, and a json object of the columns' hashes. */
export function digestQuery(
  tables: readonly StoredTable[],
  leftOut: (table: string) => ReadonlySet<string>,
): string {
  return tables
    .map((table) => {
      const skipped = leftOut(table.id);
      const kept = table.columns.map((column) => column.name).filter((name) => !skipped.has(name));
      const each = kept.map((name) => `${quoteLiteral(name)}, ${digestExpression([name])}`);
      // A function takes 100 arguments, so long rows go in several objects.
      const objects = chunks(each, 50).map((part) => `jsonb_build_object(${part.join(', ')})`);
      return `SELECT ${quoteLiteral(table.id)} AS table, count(*)::int AS rows, ${digestExpression(kept)} AS digest,
        ${objects.length === 0 ? `'{}'::jsonb` : objects.join(' || ')} AS columns FROM ONLY ${table.identity}`;
    })
    .join('\nUNION ALL\n');
}

/** A list in pieces of at most `size`. */
export function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) =>
    list.slice(at * size, (at + 1) * size),
  );
}
