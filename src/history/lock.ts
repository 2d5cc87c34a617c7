import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { errorCode, type Queryable, withClient } from '../database/client.js';
import { SquashError } from '../errors.js';
import { ensureLedger, type LedgerPlace, type LedgerSettings, locateLedger } from './ledger.js';
import { interrupted, type OpenMigration, openMigrations } from './progress.js';
import { inTransaction, isTransient } from './transaction.js';

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
 * it in the same way without ever showing a 1; those are waited for, and so is a run of ours that
 * shows a 1 while a session of it lives.
 *
 * Polls instead of blocking: a blocked waiter keeps a snapshot, on which a CREATE INDEX CONCURRENTLY
 * of the holder would wait in its turn.
 *
 * @throws SquashError LOCK_TIMEOUT at once when the lock is marked as taken and not by us, later when
 *   its holder doesn't end in time; MIGRATION_INTERRUPTED when the run that marked it is dead.
 */
export async function holdLockRow(client: Queryable, place: LedgerPlace, timeout: number): Promise<void> {
  if (await poll(() => isRowFree(client, place), timeout)) return;
  throw held(`the row of ${place.sql.lock}`, timeout);
}

async function isRowFree(client: Queryable, place: LedgerPlace): Promise<boolean> {
  const results: unknown = await client.query(
    `SAVEPOINT before_row; SELECT is_locked FROM ${place.sql.lock} FOR UPDATE SKIP LOCKED`,
  );
  const { rows } = (results as { rows: { is_locked: number | null }[] }[])[1] ?? { rows: [] };
  if (rows.length === 0) {
    // A savepoint left for each look would all be written once the transaction writes.
    await client.query('RELEASE before_row');
    return false;
  }
  const isMarked = rows.some(({ is_locked }) => is_locked === 1);
  // Whoever marked it writes to this row when it is done.
  if (isMarked) await client.query('ROLLBACK TO before_row; RELEASE before_row');
  if (!isMarked && !place.exists.progress) return true;
  const [open] = await openMigrations(client, place);
  if (open !== undefined && isDead(open, isMarked)) throw interrupted(open);
  if (isMarked && open?.isAlive !== true) throw marked(place, open);
  return !isMarked;
}

/** While such a migration runs, Knex's lock is marked: where it isn't, somebody has freed it since. */
function isDead({ isAlive }: OpenMigration, isMarked: boolean): boolean {
  return isAlive === false || !isMarked;
}

/** @throws SquashError MIGRATION_INTERRUPTED when a migration without a transaction broke off. */
export async function refuseInterrupted(client: Queryable, place: LedgerPlace): Promise<void> {
  if (!place.exists.progress) return;
  const open = await findInterrupted(client, place);
  if (open !== null) throw interrupted(open);
}

/** The migration without a transaction that broke off last, as far as that can be told; or null. */
export async function findInterrupted(client: Queryable, place: LedgerPlace): Promise<OpenMigration | null> {
  const [open] = await openMigrations(client, place);
  if (open === undefined) return null;
  const { rows } = await client.query(`SELECT FROM ${place.sql.lock} WHERE is_locked = 1`);
  return isDead(open, rows.length > 0) ? open : null;
}

/** How a lock is waited for. */
export interface LockOptions {
  /** Milliseconds for all locks together; default 60,000. */
  readonly timeout?: number;
  /** Whether a mark in Knex's lock table may be that of our own caller: then it is passed over. */
  readonly isMarkOurs?: boolean;
}

/** What {@link withLedgerLocked} gives: the session, and where the ledger lies. */
export interface Locked {
  readonly client: Queryable;
  readonly place: LedgerPlace;
}

/**
 * Runs `fn` in one READ COMMITTED transaction in which nobody else can run a migration, adopt a
 * baseline or write to the ledger. Nothing outlives the transaction, whoever is killed, and every
 * lock belongs to it alone, so it works behind a transaction pooler too. When the reply to its COMMIT
 * is lost it finds out how it ended; when anything else of it is lost `fn` runs once more.
 *
 * @throws SquashError LEDGER_MISMATCH where there is no ledger, LOCK_TIMEOUT, MIGRATION_INTERRUPTED.
 */
export async function withLedgerLocked<T>(
  connection: ClientConfig,
  settings: LedgerSettings,
  options: LockOptions,
  fn: (locked: Locked) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await withClient(connection, async (client) => {
        const place = await findLedger(client, settings);
        return inTransaction(client, connection, async () => {
          await takeAll(client, place, options);
          return fn({ client, place });
        });
      });
    } catch (error) {
      if (attempt === attempts || !isTransient(error)) throw error;
      await sleep(100 * attempt);
    }
  }
}

const attempts = 4;

async function findLedger(client: Queryable, settings: LedgerSettings): Promise<LedgerPlace> {
  const { exists, sql } = await locateLedger(client, settings);
  if (exists.ledger) return ensureLedger(client, settings);
  throw new SquashError('LEDGER_MISMATCH', `this database has no ledger: there is no table ${sql.ledger}`, {
    hint: 'Check --url, and migrations.tableName and migrations.schemaName in the knexfile.',
  });
}

async function takeAll(
  client: Queryable,
  place: LedgerPlace,
  { timeout = defaultLockTimeout, isMarkOurs = false }: LockOptions,
): Promise<void> {
  const deadline = performance.now() + timeout;
  const left = () => Math.max(0, deadline - performance.now());
  if (!(await poll(() => tryAdvisoryLock(client), left()))) {
    throw held("knex-squash's advisory lock", timeout);
  }
  if (!isMarkOurs) await holdLockRow(client, place, left());
  if (!(await poll(() => tryTableLock(client, place), left()))) {
    throw held(`the table ${place.sql.ledger}`, timeout);
  }
}

/** Gives the lock back; in a transaction it is free for others at the commit. */
export async function freeLock(client: Queryable, place: LedgerPlace): Promise<void> {
  await client.query(`UPDATE ${place.sql.lock} SET is_locked = 0`);
}

/** `knexsqsh` in ASCII as a bigint: PostgreSQL's advisory locks have numbers for names. */
const advisoryKey = '7741236377503757160';

/**
 * Without parameters: a statement with some leaves its portal open in the transaction, and with it the
 * snapshot on which a CREATE INDEX CONCURRENTLY would wait for as long as we do.
 */
async function tryAdvisoryLock(client: Queryable): Promise<boolean> {
  const { rows } = await client.query<{ done: boolean }>(
    `SELECT pg_try_advisory_xact_lock(${advisoryKey}) AS done`,
  );
  return rows[0]?.done === true;
}

/**
 * Readers may go on; writers that don't ask for Knex's lock are kept out as well. Who waits for such a
 * lock makes others wait behind it, so it is asked for a moment at a time.
 */
async function tryTableLock(client: Queryable, { sql }: LedgerPlace): Promise<boolean> {
  await client.query(`SAVEPOINT before_lock; SET LOCAL lock_timeout = '50ms'`);
  try {
    await client.query(`LOCK TABLE ${sql.ledger} IN EXCLUSIVE MODE`);
    await client.query('RELEASE before_lock; SET LOCAL lock_timeout = 0');
    return true;
  } catch (error) {
    if (errorCode(error) !== '55P03') throw error;
    await client.query('ROLLBACK TO before_lock; RELEASE before_lock');
    return false;
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

function marked({ sql }: LedgerPlace, open: OpenMigration | undefined): SquashError {
  const since = open === undefined ? '' : `, since "${open.name}" began at ${open.startedAt}`;
  return new SquashError(
    'LOCK_TIMEOUT',
    `the migration table is already locked: ${sql.lock} says is_locked = 1${since}`,
    {
      hint:
        open === undefined
          ? 'Wait for the other run to end; if none is left, because one was killed, free the lock with `knex migrate:unlock`.'
          : 'Wait for the other run to end; if none is left, because one was killed, see `knex-squash resolve --help`.',
    },
  );
}

function held(what: string, timeout: number): SquashError {
  const waited = `${Math.round(timeout / 100) / 10} s`;
  return new SquashError('LOCK_TIMEOUT', `another session still holds ${what} after ${waited}`, {
    hint: 'Wait for its run to end and try again; pg_stat_activity and pg_locks show the session.',
  });
}
