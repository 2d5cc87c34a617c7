import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, type Queryable } from '../database/client.js';
import { SquashError } from '../errors.js';
import { ensureLedger, type LedgerPlace, type LedgerSettings, locateLedger } from './ledger.js';
import { inTransaction } from './transaction.js';

/** Milliseconds that we wait for another run, unless told otherwise. */
export const defaultLockTimeout = 60_000;

/**
 * Takes Knex's migration lock as stock Knex does (`is_locked` from 0 to 1, Migrator.js), so that its
 * runs and ours exclude each other. `client` must be in a READ COMMITTED transaction.
 *
 * @param timeout milliseconds.
 * @throws SquashError LOCK_TIMEOUT as {@link holdLockRow}.
 */
export async function takeLock(client: Queryable, place: LedgerPlace, timeout: number): Promise<void> {
  await holdLockRow(client, place, timeout);
  await client.query(`UPDATE ${place.sql.lock} SET is_locked = 1`);
}

/**
 * Locks the row of Knex's lock table until the transaction ends. Stock Knex's transactional runs hold
 * it in the same way without ever showing a 1; those are waited for.
 *
 * Polls instead of blocking: a blocked waiter keeps a snapshot, on which a CREATE INDEX CONCURRENTLY
 * of the holder would wait in its turn.
 *
 * @throws SquashError LOCK_TIMEOUT at once when the lock is marked as taken, later when its holder's
 *   transaction doesn't end in time.
 */
export async function holdLockRow(client: Queryable, place: LedgerPlace, timeout: number): Promise<void> {
  const look = async () => {
    const { rows } = await client.query<{ is_locked: number | null }>(
      `SELECT is_locked FROM ${place.sql.lock} FOR UPDATE SKIP LOCKED`,
    );
    if (rows.some(({ is_locked }) => is_locked === 1)) throw marked(place);
    return rows.length > 0;
  };
  if (!(await poll(look, timeout))) throw held(`the row of ${place.sql.lock}`, timeout);
}

/**
 * Runs `fn` in one READ COMMITTED transaction in which nobody else can run a migration, adopt a
 * baseline or write to the ledger. Nothing outlives the transaction, whoever is killed, and every
 * lock belongs to it alone, so it works behind a transaction pooler too.
 *
 * @param timeout milliseconds for all locks together.
 * @throws SquashError LEDGER_MISMATCH where there is no ledger, LOCK_TIMEOUT.
 */
export async function withLedgerLocked<T>(
  client: Queryable,
  settings: LedgerSettings,
  timeout: number,
  fn: (place: LedgerPlace) => Promise<T>,
): Promise<T> {
  const { exists, sql } = await locateLedger(client, settings);
  if (!exists.ledger) {
    throw new SquashError('LEDGER_MISMATCH', `this database has no ledger: there is no table ${sql.ledger}`, {
      hint: 'Check --url, and migrations.tableName and migrations.schemaName in the knexfile.',
    });
  }
  const place = await ensureLedger(client, settings);
  const deadline = performance.now() + timeout;
  const left = () => Math.max(0, deadline - performance.now());
  return inTransaction(client, async () => {
    const isOurs = await poll(() => tryAdvisoryLock(client), left());
    if (!isOurs) throw held("knex-squash's advisory lock", timeout);
    await holdLockRow(client, place, left());
    await lockTable(client, place, left(), timeout);
    return fn(place);
  });
}

/** Gives the lock back; in a transaction it is free for others at the commit. */
export async function freeLock(client: Queryable, place: LedgerPlace): Promise<void> {
  await client.query(`UPDATE ${place.sql.lock} SET is_locked = 0`);
}

/** `knexsqsh` in ASCII as a bigint: PostgreSQL's advisory locks have numbers for names. */
const advisoryKey = '7741236377503757160';

async function tryAdvisoryLock(client: Queryable): Promise<boolean> {
  const { rows } = await client.query<{ done: boolean }>(
    'SELECT pg_try_advisory_xact_lock($1::bigint) AS done',
    [advisoryKey],
  );
  return rows[0]?.done === true;
}

/** Readers may go on; writers that don't ask for Knex's lock are kept out as well. */
async function lockTable(
  client: Queryable,
  { sql }: LedgerPlace,
  left: number,
  timeout: number,
): Promise<void> {
  await client.query(`SELECT set_config('lock_timeout', $1, true)`, [`${Math.ceil(left) + 1}ms`]);
  try {
    await client.query(`LOCK TABLE ${sql.ledger} IN EXCLUSIVE MODE`);
  } catch (error) {
    throw errorCode(error) === '55P03' ? held(`the table ${sql.ledger}`, timeout) : error;
  }
}

/** Asks until the answer is yes or the time is up; looks at least once, and not in step with others. */
async function poll(ask: () => Promise<boolean>, timeout: number): Promise<boolean> {
  const deadline = performance.now() + timeout;
  for (;;) {
    if (await ask()) return true;
    if (performance.now() >= deadline) return false;
    await sleep(20 + Math.random() * 80);
  }
}

function marked({ sql }: LedgerPlace): SquashError {
  return new SquashError(
    'LOCK_TIMEOUT',
    `the migration table is already locked: ${sql.lock} says is_locked = 1`,
    {
      hint: 'Wait for the other run to end; if none is left, because one was killed, free the lock with `knex migrate:unlock`.',
    },
  );
}

function held(what: string, timeout: number): SquashError {
  const waited = `${Math.round(timeout / 100) / 10} s`;
  return new SquashError('LOCK_TIMEOUT', `another session still holds ${what} after ${waited}`, {
    hint: 'Wait for its run to end and try again; pg_stat_activity and pg_locks show the session.',
  });
}
