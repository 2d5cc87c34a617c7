import createKnex, { type Knex } from 'knex';
import type { Client, ClientConfig } from 'pg';
import type { Settings } from '../settings/settings.js';
import { finallyQuietly } from './transaction.js';

/** What a Knex instance for migrations needs to know of the user's configuration. */
export type KnexSettings = Pick<Settings, 'knexConfig' | 'searchPath'>;

/**
 * Runs `fn` with a Knex instance that has the user's configuration (wrapIdentifier, searchPath,
 * postProcessResponse …) on the given connection, and destroys it however `fn` ends. The first
 * error is the one that is thrown.
 */
export async function withKnex<T>(
  connection: ClientConfig,
  settings: KnexSettings,
  fn: (knex: Knex) => Promise<T>,
): Promise<T> {
  const instance = createKnex(configure(connection, settings));
  return finallyQuietly(
    () => fn(instance),
    () => instance.destroy(),
  );
}

/**
 * Runs `fn` on the session of a Knex instance: of a transaction its own, else one of the pool. What
 * is queried there goes past Knex, so no `?` is replaced and no identifier rewritten.
 *
 * @throws Error when `knex` is a transaction that has ended: its session is in other hands.
 */
export async function onSession<T>(knex: Knex, fn: (client: Client) => Promise<T>): Promise<T> {
  if (hasEnded(knex)) {
    throw new Error('its transaction was committed or rolled back from within: leave that to Knex');
  }
  const session: Client = await knex.client.acquireConnection();
  try {
    return await fn(session);
  } finally {
    await knex.client.releaseConnection(session);
  }
}

function hasEnded(knex: Knex): boolean {
  return knex.isTransaction === true && (knex as Knex.Transaction).isCompleted();
}

function configure(connection: ClientConfig, { knexConfig, searchPath }: KnexSettings): Knex.Config {
  return {
    ...knexConfig,
    client: knexConfig.client ?? 'pg',
    // Knex hides the password in the object that it is given.
    connection: { ...connection } as Knex.PgConnectionConfig,
    ...(searchPath === null ? {} : { searchPath: [...searchPath] }),
    // No idle session is kept: a shadow with a session open can't be dropped.
    pool: { min: 0, max: 10, afterCreate: watchForItsClient },
  };
}

/**
 * Has the server look every second whether its client still lives: else the statement of a killed
 * process runs on, holds its locks and, outside of a transaction, commits (PostgreSQL manual,
 * client_connection_check_interval; since 14, and not on every system).
 */
function watchForItsClient(session: Client, done: (error: Error | null, session: Client) => void): void {
  const ready = () => done(null, session);
  session.query(`SET client_connection_check_interval = '1s'`).then(ready, ready);
}
