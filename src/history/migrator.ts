import type { Knex } from 'knex';
import {
  type MigrateDownOptions,
  type MigrateUpOptions,
  type MigrationMeta,
  type RunnableMigration,
  Umzug,
  type UmzugOptions,
} from 'umzug';
import type { Queryable } from '../database/client.js';
import { SquashError } from '../errors.js';
import type { MigrationSettings } from '../settings/settings.js';
import { onSession } from './connect.js';
import { listHistory } from './files.js';
import { deleteRows, insertRow, type LedgerSettings, readLedger } from './ledger.js';
import { defaultLockTimeout } from './lock.js';
import type { LedgerRow, Migration } from './migration.js';
import { type Commands, exclusively, inLedgerOrder, loadOnce, type Run, usesTransaction } from './run.js';
import { inKnexTransaction } from './transaction.js';

export interface MigratorOptions {
  /** Not a transaction. Its search path must be the one in `settings`. */
  readonly knex: Knex;
  readonly settings: MigrationSettings & Pick<LedgerSettings, 'searchPath'>;
  /** Every migration that may be run or stand in the ledger; by default the files, listed at each command. */
  readonly migrations?: readonly Migration[];
  /**
   * `run` (the default, as stock Knex): all migrations of a command in one transaction, unless one of
   * them has `config.transaction = false`. `each`: a transaction of its own for each.
   */
  readonly transaction?: 'run' | 'each';
  /** Milliseconds to wait for another run's transaction; default 60,000. */
  readonly lockTimeout?: number;
}

/** Umzug, and Knex's rollback of the last batch. */
export interface Migrator extends Umzug<Knex> {
  /** Reverts the last batch, its last migration first, as `knex migrate:rollback`. */
  rollback(): Promise<MigrationMeta[]>;
}

/**
 * An Umzug whose storage is Knex's ledger, so that its commands and stock `knex migrate:*` can take
 * turns on one database: a migration and its row commit together, a command has one batch number,
 * and `up`, `down` and `rollback` hold Knex's lock while they run. `executed()` is ordered by the
 * ledger's id and `down` goes backwards through it. Its events are Umzug's own.
 *
 * `up`, `down` and `rollback` throw SquashError LOCK_TIMEOUT, LEDGER_MISMATCH where the ledger names
 * a migration that nobody knows (before anything runs), MIGRATION_INVALID, HISTORY_EMPTY, and Umzug's
 * MigrationError, whose cause is the error of the migration itself.
 */
export function createMigrator(options: MigratorOptions): Migrator {
  return new KnexMigrator(openRun(options));
}

type Direction = 'up' | 'down';

/** Umzug's commands, each under Knex's lock. A class because Umzug is one. */
class KnexMigrator extends Umzug<Knex> implements Migrator {
  readonly #run: Run;
  readonly #bare: Commands = {
    up: (options) => super.up(options),
    down: (options) => super.down(options),
  };

  constructor(run: Run) {
    super(umzugOptions(run));
    this.#run = run;
  }

  override up(options?: MigrateUpOptions): Promise<MigrationMeta[]> {
    return exclusively(this.#run, this.#bare, (umzug) => umzug.up(options));
  }

  override down(options?: MigrateDownOptions): Promise<MigrationMeta[]> {
    return exclusively(this.#run, this.#bare, (umzug) => umzug.down(options));
  }

  rollback(): Promise<MigrationMeta[]> {
    return exclusively(this.#run, this.#bare, (umzug, rows) => umzug.down({ migrations: lastBatch(rows) }));
  }
}

function openRun(options: MigratorOptions): Run {
  const { knex, settings, migrations, transaction = 'run', lockTimeout = defaultLockTimeout } = options;
  const list = async () => migrations ?? (await listHistory(settings));
  return {
    knex,
    settings,
    transaction,
    lockTimeout,
    list,
    loaded: new Map(),
    current: knex,
    place: null,
    batch: 0,
  };
}

function umzugOptions(run: Run): UmzugOptions<Knex> {
  const rows = () => onSession(run.current, (client) => readLedger(client, run.settings));
  return {
    // A Knex instance is a function, which Umzug would call to get the context.
    context: () => run.current,
    logger: undefined,
    migrations: async () =>
      inLedgerOrder(await run.list(), (await rows()) ?? []).map((migration) => runnable(run, migration)),
    storage: {
      executed: async () => ((await rows()) ?? []).map(({ name }) => name),
      // The row is written where it commits together with the migration: in `execute`.
      logMigration: async () => {},
      unlogMigration: async () => {},
    },
  };
}

function runnable(run: Run, migration: Migration): RunnableMigration<Knex> {
  return {
    name: migration.name,
    ...(migration.path === null ? {} : { path: migration.path }),
    up: ({ context }) => execute(run, migration, 'up', context),
    down: ({ context }) => execute(run, migration, 'down', context),
  };
}

/** Runs one migration and writes its row: in one transaction, or directly after where it wants none. */
async function execute(run: Run, migration: Migration, direction: Direction, knex: Knex): Promise<void> {
  const loaded = await loadOnce(run, migration);
  const act = loaded[direction]?.bind(loaded);
  if (act === undefined) throw noDown(migration);
  const wantsTransaction = usesTransaction(run, loaded);
  if (!wantsTransaction && knex.isTransaction) throw changedMeanwhile(migration);

  const actAndRecord = async (session: Knex): Promise<void> => {
    await act(session);
    await onSession(session, (client) => record(run, client, migration.name, direction));
  };
  await (wantsTransaction && !knex.isTransaction
    ? inKnexTransaction(knex, actAndRecord)
    : actAndRecord(knex));
}

async function record(run: Run, client: Queryable, name: string, direction: Direction): Promise<void> {
  if (run.place === null) throw new Error('a migration can only run within a command of its migrator');
  if (direction === 'up') await insertRow(client, run.place, { name, batch: run.batch });
  else await deleteRows(client, run.place, [name]);
}

/** The names of the highest batch, the latest first. */
function lastBatch(rows: readonly LedgerRow[]): string[] {
  const highest = Math.max(...rows.map(({ batch }) => batch));
  return rows
    .filter(({ batch }) => batch === highest)
    .map(({ name }) => name)
    .reverse();
}

function noDown({ name }: Migration): SquashError {
  return new SquashError('MIGRATION_INVALID', `the migration "${name}" has no function \`down\``, {
    hint: 'Write it, or restore a backup instead of rolling back.',
  });
}

function changedMeanwhile({ name }: Migration): SquashError {
  const message = `"${name}", which wants no transaction, became pending while we waited for the lock`;
  return new SquashError('LEDGER_MISMATCH', message, { hint: 'Nothing was run: run the command again.' });
}
