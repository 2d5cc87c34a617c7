import type { Queryable } from '../database/client.js';
import { quoteIdent } from '../database/sql.js';
import { rowsOf, type StoredTable } from '../rows/tables.js';

/** How many rows a table has, and a sum over their hashes, which no order of rows changes. */
export interface RowsDigest {
  /** Id of the table. */
  readonly table: string;
  readonly rows: number;
  readonly digest: string;
}

/**
 * Number and digest of a table's rows in one scan that holds nothing, however many there are: two sums
 * of 64-bit hashes with different seeds. The session must be fenced, since it depends on how values print.
 */
export async function digestRows(client: Queryable, table: StoredTable): Promise<RowsDigest> {
  const columns = table.columns.map(({ name }) => quoteIdent(name)).join(', ');
  const sum = (seed: number): string =>
    `coalesce(pg_catalog.sum(pg_catalog.hashtextextended(r.t COLLATE pg_catalog."C", ${seed})), 0)::text`;
  const { rows } = await client.query<{ rows: number; digest: string }>(
    `SELECT pg_catalog.count(*)::float8 AS rows, ${sum(0)} || ':' || ${sum(1)} AS digest
     FROM (SELECT ROW(${columns})::text AS t FROM ${rowsOf(table)}) r`,
  );
  return { table: table.id, rows: rows[0]?.rows ?? 0, digest: rows[0]?.digest ?? '' };
}
