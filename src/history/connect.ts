import { randomInt } from 'node:crypto';
import type { Knex } from 'knex';
import type { Client, ClientConfig } from 'pg';
import type { Settings } from '../settings/settings.js';
import { finallyQuietly } from './quietly.js';

/** What a Knex instance for migrations needs to know of the user's configuration. */
export type KnexSettings = Pick<Settings, 'knexConfig' | 'searchPath'>;

/** The first half of the advisory locks by which sessions show that they live: `knsq` in ASCII. */
export const livenessSpace = 0x6b6e7371;

const runs = new WeakMap<object, number>();

/** The number of a Knex instance that {@link withKnex} made: each of its sessions holds a lock on it. */
export function runOf(knex: Knex): number | null {
  return runs.get(knex) ?? null;
}

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
  const run = randomInt(1, 2 ** 31);
  // Loading it takes longer than most commands that need none.
  const { default: createKnex } = await import('knex');
  const instance = createKnex(configure(connection, settings, run));
  runs.set(instance, run);
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

function configure(
  connection: ClientConfig,
  { knexConfig, searchPath }: KnexSettings,
  run: number,
): Knex.Config {
  return {
    ...knexConfig,
    client: knexConfig.client ?? 'pg',
    // Knex hides the password in the object that it is given.
    connection: { ...connection } as Knex.PgConnectionConfig,
    ...(searchPath === null ? {} : { searchPath: [...searchPath] }),
    // No idle session is kept: a shadow with a session open can't be dropped.
    pool: { min: 0, max: 10, afterCreate: readySession(run, knexConfig.pool?.afterCreate) },
  };
}

type AfterCreate = NonNullable<Knex.PoolConfig['afterCreate']>;

function readySession(run: number, users: AfterCreate | undefined): AfterCreate {
  return (session: Client, done: (error: Error | null, session: Client) => void) => {
    const next = users === undefined ? () => done(null, session) : () => users(session, done);
    showLife(session, run).then(next, (error: Error) => done(error, session));
  };
}

/**
 * Lets others see that a session lives, and the server see that its client is gone. Behind a pooler
 * the session belongs to somebody else afterwards, so nothing is left on it.
 */
async function showLife(session: Client, run: number): Promise<void> {
  const { processID = null } = session as { processID?: number | null };
  // A pooler gives its clients process numbers of its own.
  await session.query(
    `SELECT CASE WHEN pg_backend_pid() = $3::integer THEN pg_try_advisory_lock_shared($1, $2) END,
       CASE WHEN pg_backend_pid() = $3::integer AND version() ~ 'linux'
         THEN set_config('client_connection_check_interval', '1000', false) END`,
    [livenessSpace, run, processID],
  );
}
