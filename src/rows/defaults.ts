import type { Queryable } from '../database/client.js';
import type { StoredColumn, StoredTable } from './tables.js';
import { columnName } from './volatile.js';

/** What a column's default does each time that it is evaluated. */
export interface DefaultFacts {
  /** It can give another value each time. */
  readonly varies: boolean;
  /** Milliseconds by which its time lies after the present, for a timestamp. */
  readonly offset: number | null;
}

/**
 * Asks the server about the defaults of these columns, by columnName. Nothing is left behind, but the
 * session must be inside a transaction that may write.
 */
export async function readDefaultFacts(
  client: Queryable,
  columns: readonly { readonly table: StoredTable; readonly column: StoredColumn }[],
): Promise<ReadonlyMap<string, DefaultFacts>> {
  const facts = new Map<string, DefaultFacts>();
  for (const { table, column } of columns) {
    if (column.default === null) continue;
    const varies = await isVolatile(client, column.default, column.type);
    const offset =
      varies && column.type.startsWith('timestamp') ? await offsetOf(client, column.default) : null;
    facts.set(columnName(table, column), { varies, offset });
  }
  return facts;
}

/** The server itself tells: a generated column takes none but an immutable expression. */
async function isVolatile(client: Queryable, expression: string, type: string): Promise<boolean> {
  const refused = await attempt(
    client,
    `CREATE TEMPORARY TABLE knex_squash_default (value ${type} GENERATED ALWAYS AS (${expression}) STORED)`,
  );
  return refused !== null;
}

async function offsetOf(client: Queryable, expression: string): Promise<number | null> {
  let offset: number | null = null;
  const failed = await attempt(
    client,
    `SELECT (extract(epoch FROM (${expression})::timestamptz - now()) * 1000)::float8 AS offset`,
    (rows) => {
      offset = (rows[0] as { offset: number | null } | undefined)?.offset ?? null;
    },
  );
  return failed === null ? offset : null;
}

/** Runs a statement and takes it back; the error, if there was one. */
async function attempt(
  client: Queryable,
  statement: string,
  onRows: (rows: readonly unknown[]) => void = () => {},
): Promise<unknown> {
  await client.query('SAVEPOINT knex_squash_default');
  try {
    onRows((await client.query(statement)).rows);
    return null;
  } catch (error) {
    return error;
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT knex_squash_default; RELEASE SAVEPOINT knex_squash_default');
  }
}
