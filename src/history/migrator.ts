import type { Knex } from 'knex';
import {
  type MigrateDownOptions,
  type MigrateUpOptions,
  type MigrationMeta,
  type RunnableMigration,
  Umzug,
  type UmzugOptions,
} from 'umzug';
import type { MigrationSettings } from '../settings/settings.js';
import { onSession } from './connect.js';
import { execute } from './execute.js';
import { listHistory } from './files.js';
import { type LedgerSettings, readLedger } from './ledger.js';
import { defaultLockTimeout } from './lock.js';
import type { LedgerRow, Migration } from './migration.js';
import { type Commands, exclusively, inLedgerOrder, type Run } from './run.js';

/** Runs `fn` with a Knex instance that it opens and destroys. */
export type LendKnex = <T>(fn: (knex: Knex) => Promise<T>) => Promise<T>;

export interface MigratorOptions {
  /** Not a transaction. Its search path must be the one in `settings`. */
  readonly knex: Knex | { readonly lend: LendKnex };
  readonly settings: MigrationSettings & Pick<LedgerSettings, 'searchPath'>;
  /** Every migration that may be run or stand in the ledger; by default the files, listed at each command. */
  readonly migrations?: readonly Migration[] | (() => Promise<readonly Migration[]>);
  /**
   * `run` (the default, as stock Knex): all migrations of a command in one transaction, unless one of
   * them has `config.transaction = false`. `each`: a transaction of its own for each.
   */
  readonly transaction?: 'run' | 'each';
  /** Milliseconds to wait for another run's transaction; default 60,000. */
  readonly lockTimeout?: number;
  /** Whether nobody else can know the database, so that no lock is needed: a shadow. */
  readonly isAlone?: boolean;
  /** Called before each `up`, while nothing is locked. */
  readonly beforeUp?: () => Promise<void>;
  /** Called after each `up` that was to run all that is pending, while nothing is locked. */
  readonly afterUp?: () => Promise<void>;
}

/** Umzug, and Knex's rollback of the last batch. */
export interface Migrator extends Umzug<Knex> {
  /** Reverts the last batch, its last migration first, as `knex migrate:rollback`. */
  rollback(): Promise<MigrationMeta[]>;
}

/**
 * An Umzug whose storage is Knex's ledger, so that its commands and stock `knex migrate:*` can take
 * turns on one database: a migration and its row commit together, a command has one batch number,
 * and whatever runs holds Knex's lock. `executed()` is ordered by the ledger's id and `down` goes
 * backwards through it. Its events are Umzug's own.
 *
 * `up`, `down` and `rollback` throw SquashError LOCK_TIMEOUT, LEDGER_MISMATCH where the ledger names
 * a migration that nobody knows (before anything runs), LEDGER_CHANGED, MIGRATION_INTERRUPTED,
 * MIGRATION_INVALID, HISTORY_EMPTY, and Umzug's MigrationError, whose cause is the error of the
 * migration itself.
 */
export function openMigrator(options: MigratorOptions): Migrator {
  const { knex } = options;
  const lend: LendKnex = 'lend' in knex ? knex.lend : (fn) => fn(knex);
  return new KnexMigrator(openRun(options), lend, options);
}

type Around = Pick<MigratorOptions, 'beforeUp' | 'afterUp'>;

/** Umzug's commands, each under Knex's lock. A class because Umzug is one. */
class KnexMigrator extends Umzug<Knex> implements Migrator {
  readonly #run: Run;
  readonly #lend: LendKnex;
  readonly #around: Around;
  #isLent = false;
  readonly #bare: Commands = {
    up: (options) => super.up(options),
    down: (options) => super.down(options),
  };

  constructor(run: Run, lend: LendKnex, around: Around) {
    super(umzugOptions(run));
    this.#run = run;
    this.#lend = lend;
    this.#around = around;
  }

  override async up(options?: MigrateUpOptions): Promise<MigrationMeta[]> {
    await this.#around.beforeUp?.();
    const ran = await this.#lent(() => exclusively(this.#run, this.#bare, (umzug) => umzug.up(options)));
    if (isWhole(options)) await this.#around.afterUp?.();
    return ran;
  }

  override async down(options?: MigrateDownOptions): Promise<MigrationMeta[]> {
    return this.#lent(() => exclusively(this.#run, this.#bare, (umzug) => umzug.down(options)));
  }

  async rollback(): Promise<MigrationMeta[]> {
    return this.#lent(() =>
      exclusively(this.#run, this.#bare, (umzug, rows) => umzug.down({ migrations: lastBatch(rows) })),
    );
  }

  protected override runCommand<T>(
    command: string,
    fn: (params: { context: Knex }) => Promise<T>,
  ): Promise<T> {
    return this.#lent(() => super.runCommand(command, fn));
  }

  /** One instance a command, however the commands nest. */
  async #lent<T>(fn: () => Promise<T>): Promise<T> {
    if (this.#isLent) return fn();
    this.#isLent = true;
    try {
      return await this.#lend((knex) => {
        Object.assign(this.#run, { knex, current: knex });
        return fn();
      });
    } finally {
      this.#isLent = false;
    }
  }
}

/** Whether it was to run all that is pending; `to` and its like may be there and undefined. */
function isWhole(options: MigrateUpOptions = {}): boolean {
  const { to, step, migrations } = options as Readonly<Record<string, unknown>>;
  return [to, step, migrations].every((limit) => limit === undefined);
}

function openRun(options: MigratorOptions): Run {
  const { knex, settings, migrations, transaction = 'run' } = options;
  const lender = 'lend' in knex ? (null as unknown as Knex) : knex;
  return {
    knex: lender,
    settings,
    transaction,
    lockTimeout: options.lockTimeout ?? defaultLockTimeout,
    isAlone: options.isAlone ?? false,
    list: typeof migrations === 'function' ? migrations : async () => migrations ?? listHistory(settings),
    loaded: new Map(),
    current: lender,
    place: null,
    batch: 0,
    rows: null,
    present: new Set(),
    skipped: new Set(),
  };
}

function umzugOptions(run: Run): UmzugOptions<Knex> {
  const rows = async () =>
    run.rows ?? (await onSession(run.current, (client) => readLedger(client, run.settings))) ?? [];
  return {
    // A Knex instance is a function, which Umzug would call to get the context.
    context: () => run.current,
    logger: undefined,
    migrations: async () =>
      inLedgerOrder(await run.list(), await rows()).map((migration) => runnable(run, migration)),
    storage: {
      executed: async () => (await rows()).map(({ name }) => name),
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

/** The names of the highest batch, the latest first. */
function lastBatch(rows: readonly LedgerRow[]): string[] {
  const highest = Math.max(...rows.map(({ batch }) => batch));
  return rows
    .filter(({ batch }) => batch === highest)
    .map(({ name }) => name)
    .reverse();
}
