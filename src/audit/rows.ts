import type { ClientConfig } from 'pg';
import type { Catalog } from '../catalog/model.js';
import { withClient } from '../database/client.js';
import { quoteLiteral } from '../database/sql.js';

/** What a migration did to the rows of a table. */
export interface RowChange {
  /** Id of the table. */
  readonly table: string;
  readonly before: number;
  readonly after: number;
  /** Rows that it inserted or updated, or that were rewritten with their table. */
  readonly written: number;
}

/** A number that no transaction before has had, by the server's count. */
export async function xidNow(shadow: ClientConfig): Promise<string> {
  return withClient(shadow, async (client) => {
    const { rows } = await client.query<{ xid: string }>(
      'SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS xid',
    );
    return rows[0]?.xid ?? '0';
  });
}

/**
 * The tables whose rows differ in number from the last change that is known, or were written since
 * then.
 *
 * @param since as {@link xidNow} gave it before the migration.
 */
export async function readRowChanges(
  shadow: ClientConfig,
  { objects }: Catalog,
  known: readonly RowChange[],
  since: string,
): Promise<readonly RowChange[]> {
  const tables = objects.filter(
    ({ kind, attributes }) => kind === 'table' && attributes.partitionBy === undefined,
  );
  if (tables.length === 0) return [];
  const before = new Map(known.map(({ table, after }) => [table, after]));
  const counts = tables.map(
    ({ id, identity }) =>
      `SELECT ${quoteLiteral(id)} AS table, count(*)::int AS after,
         (count(*) FILTER (WHERE xmin::text::int8 >= ${since}::int8 % 4294967296))::int AS written FROM ONLY ${identity}`,
  );
  const { rows } = await withClient(shadow, (client) =>
    client.query<Omit<RowChange, 'before'>>(counts.join(' UNION ALL ')),
  );
  return rows
    .map((row) => ({ ...row, before: before.get(row.table) ?? 0 }))
    .filter((row) => row.before !== row.after || row.written > 0);
}
