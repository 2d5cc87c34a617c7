import type { Client, ClientConfig } from 'pg';
import { inScratch, type Queryable, withClient } from '../database/client.js';
import type { StoredTable } from './tables.js';

/**
 * Runs `fn` on a shadow, in a fenced transaction of which nothing remains, under the search_path of the
 * history (an index's function may need it whenever its table is read), and with row-level security out
 * of the way.
 */
export async function withRows<T>(
  shadow: ClientConfig,
  searchPath: string,
  tables: readonly Pick<StoredTable, 'identity' | 'forcesRowSecurity'>[],
  fn: (client: Client) => Promise<T>,
): Promise<T> {
  return withClient(shadow, (client) =>
    inScratch(client, async () => {
      await useSearchPath(client, searchPath);
      for (const { identity, forcesRowSecurity } of tables) {
        if (forcesRowSecurity) await unforce(client, identity);
      }
      return fn(client);
    }),
  );
}

/** Until the end of the transaction. */
export async function useSearchPath(client: Queryable, searchPath: string): Promise<void> {
  await client.query(`SELECT set_config('search_path', $1, true)`, [searchPath]);
}

/** Forced, it would bind the owner as well, and reading would fail under row_security = off. */
async function unforce(client: Queryable, table: string): Promise<void> {
  await client.query('SAVEPOINT knex_squash_unforce');
  // Who isn't the owner goes without; reading then says what it lacks.
  await client
    .query(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`)
    .catch(() => client.query('ROLLBACK TO SAVEPOINT knex_squash_unforce'));
}
