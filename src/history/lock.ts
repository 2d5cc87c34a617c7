import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '../database/client.js';
import { SquashError } from '../errors.js';
import type { LedgerPlace } from './ledger.js';

/** Milliseconds that we wait for another run, unless told otherwise. */
export const defaultLockTimeout = 60_000;

/**
 * Takes Knex's migration lock as stock Knex does (`is_locked` from 0 to 1, Migrator.js), so that its
 * runs and ours exclude each other. `client` must be in a READ COMMITTED transaction: stock Knex's
 * transactional runs hold the row's lock without ever showing a 1, and those are waited for.
 *
 * Polls instead of blocking: a blocked waiter keeps a snapshot, on which a CREATE INDEX CONCURRENTLY
 * of the holder would wait in its turn.
 *
 * @param timeout milliseconds.
 * @throws SquashError LOCK_TIMEOUT at once when the lock is marked as taken, later when its holder's
 *   transaction doesn't end in time.
 */
export async function takeLock(client: Queryable, place: LedgerPlace, timeout: number): Promise<void> {
  const { lock } = place.sql;
  const deadline = performance.now() + timeout;
  for (;;) {
    const { rows } = await client.query<{ is_locked: number | null }>(
      `SELECT is_locked FROM ${lock} FOR UPDATE SKIP LOCKED`,
    );
    if (rows.some(({ is_locked }) => is_locked === 1)) throw marked(place);
    if (rows.length > 0) break;
    if (performance.now() >= deadline) throw held(place, timeout);
    await sleep(jitter());
  }
  await client.query(`UPDATE ${lock} SET is_locked = 1`);
}

/** Gives the lock back; in a transaction it is free for others at the commit. */
export async function freeLock(client: Queryable, place: LedgerPlace): Promise<void> {
  await client.query(`UPDATE ${place.sql.lock} SET is_locked = 0`);
}

/** Milliseconds between two looks; random, so that waiters don't look in step. */
export function jitter(): number {
  return 20 + Math.random() * 80;
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

function held({ sql }: LedgerPlace, timeout: number): SquashError {
  const waited = `${Math.round(timeout / 100) / 10} s`;
  return new SquashError('LOCK_TIMEOUT', `another run still holds the row of ${sql.lock} after ${waited}`, {
    hint: 'Wait for it to end and run the command again; pg_stat_activity shows the session.',
  });
}
