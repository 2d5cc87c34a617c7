import type { Knex } from 'knex';
import { SquashError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import { onSession, runOf } from './connect.js';
import { ensureHashes, insertRowAndHash } from './hashes.js';
import { deleteRows, insertRow, type LedgerPlace } from './ledger.js';
import { freeLock, takeLock } from './lock.js';
import type { LedgerRow, Migration } from './migration.js';
import { markEnded, markStarted } from './progress.js';
import {
  batchAfter,
  loadOnce,
  lockedTransaction,
  type Run,
  rowsNow,
  underLock,
  usesTransaction,
} from './run.js';
import { inKnexTransaction } from './transaction.js';

export type Direction = 'up' | 'down';

/** One migration on its way, ready to run. */
interface Task {
  readonly run: Run;
  readonly place: LedgerPlace;
  readonly name: string;
  /** Of its file. */
  readonly sha256: string;
  readonly direction: Direction;
  readonly act: (knex: Knex) => Promise<unknown>;
}

/**
 * Runs one migration and writes its row. In a transaction both commit together; where the migration
 * wants none, `started` is committed before it and its row and `done` after it, so that a crash in
 * between is seen.
 */
export async function execute(
  run: Run,
  migration: Migration,
  direction: Direction,
  knex: Knex,
): Promise<void> {
  const loaded = await loadOnce(run, migration);
  const act = loaded[direction]?.bind(loaded);
  if (act === undefined) throw noDown(migration);
  if (run.place === null) throw new Error('a migration can only run within a command of its migrator');
  const { name, sha256 } = migration;
  const task: Task = { run, place: run.place, name, sha256, direction, act };
  const wantsTransaction = usesTransaction(run, loaded);
  if (knex.isTransaction) {
    if (!wantsTransaction) throw changedMeanwhile(migration);
    return actAndRecord(task, knex);
  }
  if (run.isAlone) return alone(task, wantsTransaction);
  return wantsTransaction ? inOwnTransaction(task) : besideTransaction(task);
}

async function alone(task: Task, wantsTransaction: boolean): Promise<void> {
  const { run } = task;
  const { knex } = run;
  // Nobody else writes to this ledger.
  if (run.batch === 0) run.batch = batchAfter(run.rows ?? []);
  if (!wantsTransaction) return actAndRecord(task, knex);
  await inKnexTransaction(knex, (trx) => actAndRecord(task, trx), { isCertain: false });
}

async function inOwnTransaction(task: Task): Promise<void> {
  const { run, place } = task;
  await lockedTransaction(run, (trx) =>
    underLock(run, place, trx, async (rows) => {
      if (isDone(task, rows)) return;
      failpoint('migrate.locked');
      await actAndRecord(task, trx);
      failpoint('migrate.recorded');
    }),
  );
  noteDone(task);
  failpoint('migrate.committed');
}

async function besideTransaction(task: Task): Promise<void> {
  const { run, act } = task;
  const id = await start(task);
  if (id === null) return;
  failpoint('migrate.started');
  try {
    await act(run.knex);
  } catch (error) {
    // Its author sees the error and may try again: only a silent end has to be resolved.
    await end(task, id, 'failed').catch(() => {});
    throw error;
  }
  failpoint('migrate.acted');
  await end(task, id, 'done');
  noteDone(task);
  failpoint('migrate.ended');
}

/** Takes the lock for longer than a transaction and writes `started`; null when others were faster. */
async function start(task: Task): Promise<number | null> {
  const { run, place, name, direction } = task;
  return lockedTransaction(run, async (trx) => {
    await onSession(trx, (client) => takeLock(client, place));
    if (isDone({ run, name, direction }, await rowsNow(run, place, trx))) {
      await onSession(trx, (client) => freeLock(client, place));
      return null;
    }
    await readyHashes(task, trx);
    const mark = { name, direction, batch: run.batch, run: runOf(run.knex) };
    return onSession(trx, (client) => markStarted(client, place, mark));
  });
}

/** Row, mark and lock in one transaction: there is no moment at which only one of them is true. */
async function end(task: Task, id: number, state: 'done' | 'failed'): Promise<void> {
  const { run, place } = task;
  await inKnexTransaction(run.knex, async (trx) => {
    if (state === 'done') await record(task, trx);
    await onSession(trx, async (client) => {
      await markEnded(client, place, id, state);
      await freeLock(client, place);
    });
  });
}

async function actAndRecord(task: Task, knex: Knex): Promise<void> {
  await readyHashes(task, knex);
  await task.act(knex);
  await record(task, knex);
}

/** Before the migration, which may take another role. Nobody asks a shadow what ran there. */
async function readyHashes({ run, place, direction }: Task, knex: Knex): Promise<void> {
  if (run.isAlone || direction === 'down' || place.exists.hashes || run.place?.exists.hashes === true) return;
  const exists = await onSession(knex, (client) => ensureHashes(client, place));
  run.place = { ...place, exists: { ...place.exists, hashes: exists } };
}

async function record({ run, place, name, sha256, direction }: Task, knex: Knex): Promise<void> {
  const row = { name, batch: run.batch };
  await onSession(knex, async (client) => {
    if (direction === 'down') await deleteRows(client, place, [name]);
    else if (run.place?.exists.hashes === true) await insertRowAndHash(client, place, row, sha256);
    else await insertRow(client, place, row);
  });
}

/** Whether another command has done it since this one began. */
function isDone(
  { run, name, direction }: Pick<Task, 'run' | 'name' | 'direction'>,
  rows: readonly LedgerRow[],
): boolean {
  const isThere = rows.some((row) => row.name === name);
  const done = isThere === (direction === 'up');
  if (done) run.skipped.add(name);
  return done;
}

function noteDone({ run, name, direction }: Task): void {
  if (direction === 'up') run.present.add(name);
  else run.present.delete(name);
}

function noDown({ name }: Migration): SquashError {
  return new SquashError('MIGRATION_INVALID', `the migration "${name}" has no function \`down\``, {
    hint: 'Write it, or restore a backup instead of rolling back.',
  });
}

function changedMeanwhile({ name }: Migration): SquashError {
  const message = `"${name}", which wants no transaction, became pending while we waited for the lock`;
  return new SquashError('LEDGER_CHANGED', message, { hint: 'Nothing was run: run the command again.' });
}
