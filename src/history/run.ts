import type { Knex } from 'knex';
import { type MigrationMeta, Umzug } from 'umzug';
import { isSquashError, SquashError } from '../errors.js';
import type { MigrationSettings } from '../settings/settings.js';
import { onSession } from './connect.js';
import { ensureLedger, type LedgerPlace, type LedgerSettings, readRows } from './ledger.js';
import { freeLock, refuseInterrupted, takeLock, untilFree } from './lock.js';
import type { LedgerRow, LoadedMigration, Migration } from './migration.js';
import { finallyQuietly } from './quietly.js';
import { inKnexTransaction } from './transaction.js';

/** What the parts of a migrator share: where its commands stand at the moment. */
export interface Run {
  knex: Knex;
  readonly settings: MigrationSettings & Pick<LedgerSettings, 'searchPath'>;
  readonly transaction: 'run' | 'each';
  readonly lockTimeout: number;
  readonly isAlone: boolean;
  readonly list: () => Promise<readonly Migration[]>;
  /** The migrations of the command in progress as they were loaded: once each, as by stock Knex. */
  readonly loaded: Map<string, Promise<LoadedMigration>>;
  /** What migrations are given: the transaction of the command in progress, else `knex`. */
  current: Knex;
  /** The ledger and the batch of the command in progress; the batch is 0 until it is known. */
  place: LedgerPlace | null;
  batch: number;
  /** What the ledger held when the command in progress began; null between commands. */
  rows: readonly LedgerRow[] | null;
  /** Names that the ledger must still have when the next migration runs. */
  present: Set<string>;
  /** Migrations of the command in progress that others ran or reverted meanwhile. */
  skipped: Set<string>;
}

/** The two of Umzug's commands that change a database. */
export type Commands = Pick<Umzug<Knex>, 'up' | 'down'>;

type Command = (umzug: Commands, rows: readonly LedgerRow[]) => Promise<MigrationMeta[]>;

/**
 * Runs a command under Knex's lock. `run`: in one transaction together with the lock where all its
 * migrations allow that; what it is going to run is learnt by running it on an Umzug that does
 * nothing. Else each migration takes the lock by itself, in the transaction that runs it, so that a
 * killed process leaves nothing behind; whoever gets a turn in between is noticed.
 */
export async function exclusively(run: Run, umzug: Commands, command: Command): Promise<MigrationMeta[]> {
  try {
    return await runCommand(run, umzug, command);
  } catch (error) {
    // Umzug wraps whatever comes out of a migration, our own refusals too.
    const { cause } = Object(error) as { cause?: unknown };
    throw isSquashError(cause) ? cause : error;
  } finally {
    run.rows = null;
  }
}

async function runCommand(run: Run, umzug: Commands, command: Command): Promise<MigrationMeta[]> {
  const place = await onSession(run.knex, (client) => ensureLedger(client, run.settings));
  Object.assign(run, { place, batch: 0, present: new Set(), skipped: new Set() });
  run.loaded.clear();
  const history = await run.list();
  const rows = await onSession(run.knex, (client) => readRows(client, place));
  run.rows = rows;
  refuseGhosts(history, rows, place);
  await onSession(run.knex, (client) => refuseInterrupted(client, place));
  if (await mayShareTransaction(run, history, () => command(idleUmzug(run, history, rows), rows))) {
    return inOneTransaction(run, place, (now) => command(umzug, now));
  }
  run.present = new Set(rows.map(({ name }) => name));
  const done = await command(umzug, rows);
  return done.filter(({ name }) => !run.skipped.has(name));
}

/** Loads a migration the first time that a command asks for it. */
export function loadOnce({ loaded }: Run, migration: Migration): Promise<LoadedMigration> {
  const known = loaded.get(migration.name) ?? migration.load();
  loaded.set(migration.name, known);
  return known;
}

type Action = (rows: readonly LedgerRow[]) => Promise<MigrationMeta[]>;

async function inOneTransaction(run: Run, place: LedgerPlace, action: Action): Promise<MigrationMeta[]> {
  return lockedTransaction(run, async (trx) => {
    run.current = trx;
    try {
      return await underLock(run, place, trx, async (rows) => {
        refuseGhosts(await run.list(), rows, place);
        run.rows = rows;
        return action(rows);
      });
    } finally {
      run.current = run.knex;
    }
  });
}

/** A transaction of Knex whose first step is to take the lock, again and again until it is free. */
export async function lockedTransaction<T>(
  { knex, lockTimeout }: Run,
  fn: (trx: Knex.Transaction) => Promise<T>,
): Promise<T> {
  return untilFree(lockTimeout, () => inKnexTransaction(knex, fn));
}

/** Runs `fn` in a transaction while it holds Knex's lock, with the ledger that nobody else can change now. */
export async function underLock<T>(
  run: Run,
  place: LedgerPlace,
  trx: Knex.Transaction,
  fn: (rows: readonly LedgerRow[]) => Promise<T>,
): Promise<T> {
  await onSession(trx, (client) => takeLock(client, place));
  const free = () => onSession(trx, (client) => freeLock(client, place));
  // Freed after a failure too: a migration may have sent a COMMIT, and the lock with it.
  return finallyQuietly(async () => fn(await rowsNow(run, place, trx)), free);
}

/** The ledger under the lock; the command's batch is the next after all that it has by then. */
export async function rowsNow(run: Run, place: LedgerPlace, knex: Knex): Promise<readonly LedgerRow[]> {
  const rows = await onSession(knex, (client) => readRows(client, place));
  if (run.batch === 0) run.batch = batchAfter(rows);
  const names = new Set(rows.map(({ name }) => name));
  const gone = [...run.present].filter((name) => !names.has(name));
  if (gone.length > 0) throw changedMeanwhile(gone, place);
  return rows;
}

/** The number of the batch that comes after all that the ledger has. */
export function batchAfter(rows: readonly LedgerRow[]): number {
  return Math.max(0, ...rows.map(({ batch }) => batch)) + 1;
}

/** As Knex's `_useTransaction`: the migration's own word, else the general one. */
export function usesTransaction(run: Run, { config }: LoadedMigration): boolean {
  return typeof config?.transaction === 'boolean' ? config.transaction : !run.settings.disableTransactions;
}

async function mayShareTransaction(
  run: Run,
  history: readonly Migration[],
  plan: () => Promise<readonly MigrationMeta[]>,
): Promise<boolean> {
  if (run.transaction === 'each' || run.settings.disableTransactions) return false;
  const names = new Set((await plan()).map(({ name }) => name));
  for (const migration of history.filter(({ name }) => names.has(name))) {
    if (!usesTransaction(run, await loadOnce(run, migration))) return false;
  }
  return true;
}

/** Umzug reverts from the end of its list, Knex from the highest id: so the ledger's order comes first. */
export function inLedgerOrder(
  history: readonly Migration[],
  rows: readonly LedgerRow[],
): readonly Migration[] {
  const byName = new Map(history.map((migration) => [migration.name, migration]));
  const executed = rows.flatMap(({ name }) => byName.get(name) ?? []);
  const names = new Set(rows.map(({ name }) => name));
  return [...new Set(executed), ...history.filter(({ name }) => !names.has(name))];
}

/** An Umzug with the same list and ledger whose migrations do nothing. */
function idleUmzug(run: Run, history: readonly Migration[], rows: readonly LedgerRow[]): Umzug<Knex> {
  const idle = async () => {};
  return new Umzug<Knex>({
    context: () => run.knex,
    logger: undefined,
    migrations: inLedgerOrder(history, rows).map(({ name }) => ({ name, up: idle, down: idle })),
    storage: {
      executed: async () => rows.map(({ name }) => name),
      logMigration: idle,
      unlogMigration: idle,
    },
  });
}

/** As Knex's `validateMigrationList`: nothing runs on a ledger whose names we can't explain. */
function refuseGhosts(history: readonly Migration[], rows: readonly LedgerRow[], place: LedgerPlace): void {
  const known = new Set(history.map(({ name }) => name));
  const ghosts = rows.map(({ name }) => name).filter((name) => !known.has(name));
  if (ghosts.length === 0) return;
  throw new SquashError(
    'LEDGER_MISMATCH',
    `${place.sql.ledger} names migrations that have no file: ${quoted(ghosts)}`,
    {
      hint: 'Check out the branch that has them, or restore them; if they were squashed, run `knex-squash adopt`.',
    },
  );
}

function changedMeanwhile(names: readonly string[], { sql }: LedgerPlace): SquashError {
  const message = `another command took ${quoted(names)} out of ${sql.ledger} meanwhile`;
  return new SquashError('LEDGER_CHANGED', message, {
    hint: 'Run the command again: it starts from what is there now.',
  });
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
