import type { ClientConfig } from 'pg';
import { type AdoptionOutcome, adoptIfFull } from './adopt/adopt.js';
import { type ExpectedCatalog, expectedCatalogPath, parseExpected } from './adopt/expected.js';
import { readLive } from './adopt/live.js';
import { findArchive } from './archive/read.js';
import { recoverSwap } from './archive/swap.js';
import { type Server, withServer } from './database/server.js';
import { SquashError } from './errors.js';
import { type BaselineFile, listBaselines } from './history/baselines.js';
import { withKnex } from './history/connect.js';
import { listHistory } from './history/files.js';
import type { LedgerSettings } from './history/ledger.js';
import type { LedgerRow, Migration } from './history/migration.js';
import { createMigrator, type Migrator } from './history/migrator.js';
import { type DatabaseState, decideState } from './history/state.js';
import type { Settings } from './settings/settings.js';
import { journalPath } from './squash.js';

/** What the commands that work on the configured database share. */
export interface MigrateOptions {
  readonly onServer?: (server: Server) => void;
  /** Told the name of each migration once it has run. */
  readonly onMigrated?: (name: string) => void;
}

/** What `up` did. */
export interface UpResult {
  /** What became of a database that had run a replaced history; null where no baseline waits. */
  readonly adoption: AdoptionOutcome | null;
  /** Names of the migrations that ran, in order. */
  readonly ran: readonly string[];
}

/**
 * Brings the configured database to the end of the history: a database that ran the migrations which
 * a baseline replaces adopts it, then all pending migrations run.
 *
 * @throws SquashError LEDGER_MISMATCH, DATABASE_DRIFTED, DATABASE_FOREIGN, LOCK_TIMEOUT,
 *   MIGRATION_INVALID; Umzug's MigrationError with the migration's own error as its cause.
 */
export async function up(
  settings: Settings,
  options: MigrateOptions & { readonly to?: string } = {},
): Promise<UpResult> {
  return onTarget(settings, options, async (target, history) => {
    const adoption = await adoptWaiting(target, settings, history);
    if (adoption !== null) refuseUnlessFollowing(adoption.baseline, adoption.outcome);
    const { to } = options;
    const ran = await migrate(target, settings, options, (migrator) =>
      migrator.up(to === undefined ? {} : { to }),
    );
    return { adoption: adoption?.outcome ?? null, ran };
  });
}

/**
 * Reverts the last batch, as `knex migrate:rollback`; with `all` every migration, with `to` down to
 * and including that one. A baseline refuses to drop rows that it did not write.
 */
export async function down(
  settings: Settings,
  options: MigrateOptions & { readonly all?: boolean; readonly to?: string } = {},
): Promise<readonly string[]> {
  return onTarget(settings, options, (target) =>
    migrate(target, settings, options, (migrator) => {
      if (options.to !== undefined) return migrator.down({ to: options.to });
      return options.all === true ? migrator.down({ to: 0 }) : migrator.rollback();
    }),
  );
}

/** Adopts the baseline on the configured database and runs nothing. */
export async function adopt(
  settings: Settings,
  options: MigrateOptions = {},
): Promise<{ readonly baseline: string; readonly outcome: AdoptionOutcome }> {
  return onTarget(settings, options, async (target, history) => {
    const adoption = await adoptWaiting(target, settings, history);
    if (adoption === null) {
      throw new SquashError('BASELINE_INVALID', 'there is no baseline among the migrations', {
        hint: 'Make one with knex-squash squash.',
      });
    }
    if (adoption.outcome.kind !== 'fresh') refuseUnlessFollowing(adoption.baseline, adoption.outcome);
    return { baseline: adoption.baseline.name, outcome: adoption.outcome };
  });
}

/** The state of the configured database, its ledger and what is pending. */
export interface Status {
  readonly database: string;
  readonly state: DatabaseState;
  readonly executed: readonly LedgerRow[];
  readonly pending: readonly string[];
  readonly baseline: { readonly name: string; readonly revision: string } | null;
}

/** Reads the state; writes nothing. */
export async function status(settings: Settings, options: MigrateOptions = {}): Promise<Status> {
  return onTarget(settings, options, async (target, history, server) => {
    const live = await readLive(target, ledgerSettings(settings));
    const baseline = (await listBaselines(history)).at(-1) ?? null;
    const state = decideState({
      ledger: live.ledger,
      files: history,
      baseline,
      hasUserObjects: live.hasUserObjects,
    });
    const executed = live.ledger ?? [];
    const names = new Set(executed.map(({ name }) => name));
    return {
      database: server.description,
      state,
      executed,
      pending: history.map(({ name }) => name).filter((name) => !names.has(name)),
      baseline: baseline === null ? null : { name: baseline.name, revision: baseline.revision },
    };
  });
}

async function onTarget<T>(
  settings: Settings,
  { onServer }: MigrateOptions,
  fn: (target: ClientConfig, history: readonly Migration[], server: Server) => Promise<T>,
): Promise<T> {
  await recoverSwap({ folders: settings.migrations.directories, journalPath: journalPath(settings) });
  const history = await listHistory(settings.migrations);
  return withServer(settings, async (server) => {
    onServer?.(server);
    return fn(server.target, history, server);
  });
}

async function migrate(
  target: ClientConfig,
  settings: Settings,
  { onMigrated }: MigrateOptions,
  command: (migrator: Migrator) => Promise<readonly { readonly name: string }[]>,
): Promise<readonly string[]> {
  return withKnex(target, settings, async (knex) => {
    const migrator = createMigrator({ knex, settings: ledgerSettings(settings) });
    migrator.on('migrated', ({ name }) => onMigrated?.(name));
    migrator.on('reverted', ({ name }) => onMigrated?.(name));
    return (await command(migrator)).map(({ name }) => name);
  });
}

/** Adopts the last baseline where the ledger doesn't have it; null where there is none. */
async function adoptWaiting(
  target: ClientConfig,
  settings: Settings,
  history: readonly Migration[],
): Promise<{ readonly baseline: BaselineFile; readonly outcome: AdoptionOutcome } | null> {
  const baseline = (await listBaselines(history)).at(-1);
  if (baseline === undefined) return null;
  const files = history.map(({ name }) => name);
  const outcome = await adoptIfFull(target, ledgerSettings(settings), baseline, files, () =>
    readExpected(settings, baseline),
  );
  return { baseline, outcome };
}

async function readExpected({ backups }: Settings, { revision }: BaselineFile): Promise<ExpectedCatalog> {
  const archive = await findArchive(backups, revision);
  return parseExpected(String(archive.contents.get(expectedCatalogPath)));
}

function ledgerSettings(settings: Settings): LedgerSettings & Settings['migrations'] {
  return { ...settings.migrations, searchPath: settings.searchPath };
}

/** What can't follow is refused by name. */
function refuseUnlessFollowing(baseline: BaselineFile, outcome: AdoptionOutcome): void {
  const untouched = 'Nothing was written.';
  switch (outcome.kind) {
    case 'partial':
      throw new SquashError(
        'LEDGER_MISMATCH',
        `this database ran only a part of what ${baseline.name} replaces; missing: ${outcome.missing.join(', ')}`,
        {
          hint: `${untouched} Run the originals first: knex-squash restore migrations, knex-squash up, then git checkout.`,
        },
      );
    case 'ghosts':
      throw new SquashError(
        'LEDGER_MISMATCH',
        `the ledger names migrations that neither the files nor ${baseline.name} know: ${outcome.ghosts.join(', ')}`,
        { hint: `${untouched} Get the branch that has these files, or remove the rows if they are wrong.` },
      );
    case 'foreign':
      throw new SquashError(
        'DATABASE_FOREIGN',
        'this database has objects, but its ledger does not say which migrations made them',
        {
          hint: `${untouched} Check --url, and migrations.tableName and migrations.schemaName in the knexfile.`,
        },
      );
    case 'drifted': {
      const names = outcome.differences.slice(0, 20).map(({ id, change }) => `\n  ${id}: ${change}`);
      throw new SquashError(
        'DATABASE_DRIFTED',
        `the ledger has all that ${baseline.name} replaces, but the database differs from what they build:${names.join('')}`,
        { hint: `${untouched} Put these objects right with a migration or by hand, then try again.` },
      );
    }
    default:
  }
}
