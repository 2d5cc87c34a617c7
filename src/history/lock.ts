import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { errorCode, type Queryable, withClient } from '../database/client.js';
import { SquashError } from '../errors.js';
import { ensureLedger, type LedgerPlace, type LedgerSettings, locateLedger } from './ledger.js';
import { interrupted, lookAtMark, type Mark, type OpenMigration, openMigrations } from './progress.js';
import { inTransaction, isTransient } from './transaction.js';

/** Milliseconds that we wait for another run, unless told otherwise. */
export const defaultLockTimeout = 60_000;

/**
 * Runs `attempt`, a transaction that looks at each lock once, until none of them is in other hands.
 *
 * Each look is a transaction of its own, and nothing blocks: a CREATE INDEX CONCURRENTLY of the holder
 * waits for the end of every transaction that had a snapshot when it looked, even where that was for
 * a moment, and so would wait for whoever waits for the holder.
 *
 * @param timeout milliseconds.
 * @throws SquashError LOCK_TIMEOUT when a holder doesn't end in time.
 */
export async function untilFree<T>(timeout: number, attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + timeout;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const { heldLock } = Object(error) as { heldLock?: string };
      if (heldLock === undefined) throw error;
      if (performance.now() >= deadline) throw held(heldLock, timeout);
    }
    // Not in step with others.
    await sleep(20 + Math.random() * 80);
  }
}

/** What an attempt throws: {@link untilFree} alone catches it, so it needs no hint. */
function busy(heldLock: string): Error {
  return Object.assign(new Error(`another session holds ${heldLock}`), { heldLock });
}

/**
 * Takes Knex's migration lock as stock Knex does (`is_locked` from 0 to 1, Migrator.js), so that its
 * runs and ours exclude each other. `client` must be in a READ COMMITTED transaction, within
 * {@link untilFree}.
 *
 * @throws as {@link holdLockRow}.
 */
export async function takeLock(client: Queryable, place: LedgerPlace): Promise<void> {
  await holdLockRow(client, place);
  await client.query(`UPDATE ${place.sql.lock} SET is_locked = 1`);
}

/**
 * Locks the row of Knex's lock table until the transaction ends. Stock Knex's transactional runs hold
 * it in the same way without ever showing a 1; those are waited for, and so is a run of ours that
 * shows a 1 while a session of it lives. Within {@link untilFree}.
 *
 * @throws SquashError LOCK_TIMEOUT at once when the lock is marked as taken and not by us;
 *   MIGRATION_INTERRUPTED when the run that marked it is dead.
 */
export async function holdLockRow(client: Queryable, place: LedgerPlace): Promise<void> {
  if (!(await isRowFree(client, place))) throw busy(`the row of ${place.sql.lock}`);
}

async function isRowFree(client: Queryable, place: LedgerPlace): Promise<boolean> {
  const { rows } = await client.query<{ is_locked: number | null }>(
    `SELECT is_locked FROM ${place.sql.lock} FOR UPDATE SKIP LOCKED`,
  );
  if (rows.length === 0) return false;
  if (rows.some(({ is_locked }) => is_locked === 1)) return passOver(client, place);
  if (!place.exists.progress) return true;
  // We hold the row, which whoever ends one writes to: what is open is dead.
  const [open] = await openMigrations(client, place);
  if (open !== undefined) throw interrupted(open);
  return true;
}

/** Not free, as long as a run of ours lives that marked it. */
async function passOver(client: Queryable, place: LedgerPlace): Promise<false> {
  const { isMarked, open } = await lookAtMark(client, place);
  if (open[0]?.isAlive === true) return false;
  const dead = await findInterrupted(client, place);
  if (dead !== null) throw interrupted(dead);
  // Where a session of it was alive a moment ago it has ended since, and the next look tells.
  if (isMarked && open[0]?.isAlive !== false) throw marked(place, open[0]);
  return false;
}

/** @throws SquashError MIGRATION_INTERRUPTED when a migration without a transaction broke off. */
export async function refuseInterrupted(client: Queryable, place: LedgerPlace): Promise<void> {
  if (!place.exists.progress) return;
  const open = await findInterrupted(client, place);
  if (open !== null) throw interrupted(open);
}

/**
 * The migration without a transaction that broke off last, as far as that can be told; or null. Not
 * within a REPEATABLE READ transaction: sessions are seen as they are, rows as they were.
 */
export async function findInterrupted(client: Queryable, place: LedgerPlace): Promise<OpenMigration | null> {
  const found = deadOf(await lookAtMark(client, place));
  if (found === null) return null;
  // One that ended while its sessions were counted has its end written by now.
  const again = deadOf(await lookAtMark(client, place));
  return again?.id === found.id ? again : null;
}

/** While such a migration runs Knex's lock is marked: where it isn't, somebody has freed it since. */
function deadOf({ isMarked, open: [open] }: Mark): OpenMigration | null {
  return open !== undefined && (open.isAlive === false || !isMarked) ? open : null;
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
        return untilFree(options.timeout ?? defaultLockTimeout, () =>
          inTransaction(client, connection, async () => {
            await takeAll(client, place, options);
            return fn({ client, place });
          }),
        );
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
  { isMarkOurs = false }: LockOptions,
): Promise<void> {
  if (!(await tryAdvisoryLock(client))) throw busy("knex-squash's advisory lock");
  if (!isMarkOurs) await holdLockRow(client, place);
  await takeTableLock(client, place);
}

/** Gives the lock back; in a transaction it is free for others at the commit. */
export async function freeLock(client: Queryable, place: LedgerPlace): Promise<void> {
  await client.query(`UPDATE ${place.sql.lock} SET is_locked = 0`);
}

/** `knexsqsh` in ASCII as a bigint: PostgreSQL's advisory locks have numbers for names. */
const advisoryKey = '7741236377503757160';

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
async function takeTableLock(client: Queryable, { sql }: LedgerPlace): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = '50ms'`);
  try {
    await client.query(`LOCK TABLE ${sql.ledger} IN EXCLUSIVE MODE`);
  } catch (error) {
    throw errorCode(error) === '55P03' ? busy(`the table ${sql.ledger}`) : error;
  }
  await client.query('SET LOCAL lock_timeout = 0');
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
