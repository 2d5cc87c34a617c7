import type { Knex } from 'knex';
import { type MigrationMeta, Umzug } from 'umzug';
import { SquashError } from '../errors.js';
import type { MigrationSettings } from '../settings/settings.js';
import { onSession } from './connect.js';
import { ensureLedger, type LedgerPlace, type LedgerSettings, readRows } from './ledger.js';
import { freeLock, takeLock } from './lock.js';
import type { LedgerRow, LoadedMigration, Migration } from './migration.js';
import { finallyQuietly, inKnexTransaction } from './transaction.js';

/** What the parts of a migrator share: where its commands stand at the moment. */
export interface Run {
  readonly knex: Knex;
  readonly settings: MigrationSettings & Pick<LedgerSettings, 'searchPath'>;
  readonly transaction: 'run' | 'each';
  readonly lockTimeout: number;
  readonly list: () => Promise<readonly Migration[]>;
  /** The migrations of the command in progress as they were loaded: once each, as by stock Knex. */
  readonly loaded: Map<string, Promise<LoadedMigration>>;
  /** What migrations are given: the transaction of the command in progress, else `knex`. */
  current: Knex;
  /** The ledger and the batch of the command in progress. */
  place: LedgerPlace | null;
  batch: number;
}

/** The two of Umzug's commands that change a database. */
export type Commands = Pick<Umzug<Knex>, 'up' | 'down'>;

type Command = (umzug: Commands, rows: readonly LedgerRow[]) => Promise<MigrationMeta[]>;

/**
 * Runs a command while holding Knex's lock: in one transaction together with the lock where all its
 * migrations allow that, so that even a killed process leaves nothing behind; else beside it. What
 * it is going to run is learnt by running it on an Umzug that does nothing.
 */
export async function exclusively(run: Run, umzug: Commands, command: Command): Promise<MigrationMeta[]> {
  const place = await onSession(run.knex, (client) => ensureLedger(client, run.settings));
  run.place = place;
  run.loaded.clear();
  const history = await run.list();
  const rows = await onSession(run.knex, (client) => readRows(client, place));
  refuseGhosts(history, rows, place);
  const planned = await command(idleUmzug(run, history, rows), rows);
  const isTogether = await mayShareTransaction(run, history, planned);
  const hold = isTogether ? inOneTransaction : besideLock;
  return hold(run, place, (now) => command(umzug, now));
}

/** Loads a migration the first time that a command asks for it. */
export function loadOnce({ loaded }: Run, migration: Migration): Promise<LoadedMigration> {
  const known = loaded.get(migration.name) ?? migration.load();
  loaded.set(migration.name, known);
  return known;
}

type Action = (rows: readonly LedgerRow[]) => Promise<MigrationMeta[]>;

async function inOneTransaction(run: Run, place: LedgerPlace, action: Action): Promise<MigrationMeta[]> {
  return inKnexTransaction(run.knex, async (trx) => {
    const free = () => onSession(trx, (client) => freeLock(client, place));
    await onSession(trx, (client) => takeLock(client, place, run.lockTimeout));
    run.current = trx;
    try {
      // Freed after a failure too: a migration may have sent a COMMIT, and the lock with it.
      return await finallyQuietly(() => underLock(run, place, action), free);
    } finally {
      run.current = run.knex;
    }
  });
}

async function besideLock(run: Run, place: LedgerPlace, action: Action): Promise<MigrationMeta[]> {
  await inKnexTransaction(run.knex, (trx) =>
    onSession(trx, (client) => takeLock(client, place, run.lockTimeout)),
  );
  const free = () => onSession(run.knex, (client) => freeLock(client, place));
  return finallyQuietly(() => underLock(run, place, action), free);
}

/** The ledger as it is now that nobody else can change it. */
async function underLock(run: Run, place: LedgerPlace, action: Action): Promise<MigrationMeta[]> {
  const rows = await onSession(run.current, (client) => readRows(client, place));
  refuseGhosts(await run.list(), rows, place);
  run.batch = Math.max(0, ...rows.map(({ batch }) => batch)) + 1;
  return action(rows);
}

/** As Knex's `_useTransaction`: the migration's own word, else the general one. */
export function usesTransaction(run: Run, { config }: LoadedMigration): boolean {
  return typeof config?.transaction === 'boolean' ? config.transaction : !run.settings.disableTransactions;
}

async function mayShareTransaction(
  run: Run,
  history: readonly Migration[],
  planned: readonly MigrationMeta[],
): Promise<boolean> {
  if (run.transaction === 'each' || run.settings.disableTransactions) return false;
  const names = new Set(planned.map(({ name }) => name));
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
  const names = ghosts.map((name) => `"${name}"`).join(', ');
  throw new SquashError(
    'LEDGER_MISMATCH',
    `${place.sql.ledger} names migrations that have no file: ${names}`,
    {
      hint: 'Check out the branch that has them, or restore them; if they were squashed, run `knex-squash adopt`.',
    },
  );
}
