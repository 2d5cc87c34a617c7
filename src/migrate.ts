import { type AdoptionOutcome, refusalOf } from './adopt/outcome.js';
import { withClient } from './database/client.js';
import { type Server, withServer } from './database/server.js';
import { isSquashError, SquashError } from './errors.js';
import { judgeBranches, refuseBranches } from './follow/branches.js';
import { examine, ledgerSettings } from './follow/examine.js';
import { follow } from './follow/follow.js';
import { openWorkshop } from './follow/gate.js';
import { asSpeltIn, openProject, type Project } from './follow/project.js';
import { withKnex } from './history/connect.js';
import { explainingFailures } from './history/failure.js';
import { readLedger } from './history/ledger.js';
import { type Migrator, openMigrator } from './history/migrator.js';
import { keepOn } from './object-files.js';
import type { KeptObjects } from './objects/keep.js';
import type { Settings } from './settings/settings.js';

/** What the commands that work on the configured database share. */
export interface MigrateOptions {
  readonly onServer?: (server: Server) => void;
  /** Told the name of each migration once it has run on the configured database. */
  readonly onMigrated?: (name: string) => void;
  /** Told the name of each migration that was run on a shadow, to know what the database must be like. */
  readonly onReplayed?: (name: string) => void;
}

/** How a database may follow a baseline. */
export interface FollowOptions extends MigrateOptions {
  /** Ids of objects, such as `index public.genes_symbol_idx`, that may differ from what the ledger promises. */
  readonly acceptDrift?: readonly string[];
}

export interface UpOptions extends FollowOptions {
  /** The last migration to run; objects with files of their own are left as they are then. */
  readonly to?: string;
  readonly catchUp?: boolean;
  /** Whether objects are dropped whose file is gone. */
  readonly pruneObjects?: boolean;
}

/** What `up` did. */
export interface UpResult {
  /** What became of a database that had run a replaced history; null where there is no baseline. */
  readonly adoption: AdoptionOutcome | null;
  /** Names of the migrations that ran, in order; what was caught up stands in the adoption. */
  readonly ran: readonly string[];
  /** What became of the objects that have files of their own; null where `to` ends before the last migration. */
  readonly objects: KeptObjects | null;
}

/**
 * Brings the configured database to the end of the history, from wherever it stands: what it lacks of
 * a squashed history is run from the archive, it adopts the baseline, then all pending migrations run,
 * each in a transaction of its own, and at last its views, functions, triggers and policies become what
 * the files in `objects` say.
 *
 * @throws SquashError OBJECT_FILE_INVALID, OBJECT_IN_USE, LEDGER_MISMATCH, DATABASE_DRIFTED, DATABASE_FOREIGN, BASELINE_TAMPERED,
 *   MIGRATION_INTERRUPTED, MIGRATION_OUT_OF_ORDER, ARCHIVE_MISSING, ARCHIVE_INVALID, LOCK_TIMEOUT,
 *   MIGRATION_INVALID, MIGRATION_FAILED.
 */
export async function up(settings: Settings, options: UpOptions = {}): Promise<UpResult> {
  return onTarget(settings, options, (server, project) =>
    unlessOvertaken(async () => {
      const adoption = await prepare(server, project, options, options.catchUp ?? true);
      const { to } = options;
      const ran = await migrate(server, project, options, (migrator) =>
        migrator.up(to === undefined ? {} : { to }),
      );
      const prune = options.pruneObjects ?? false;
      const objects = to === undefined ? await keepOn(server, settings, { prune }) : null;
      return { adoption, ran, objects };
    }),
  );
}

/**
 * Reverts the last batch, as `knex migrate:rollback`; with `all` every migration, with `to` down to
 * and including that one. A baseline that was adopted is never reverted, and one that was run not over
 * rows that it did not write.
 */
export async function down(
  settings: Settings,
  options: MigrateOptions & { readonly all?: boolean; readonly to?: string } = {},
): Promise<readonly string[]> {
  return onTarget(settings, options, (server, project) =>
    migrate(server, project, options, (migrator) => {
      if (options.to !== undefined) return migrator.down({ to: options.to });
      return options.all === true ? migrator.down({ to: 0 }) : migrator.rollback();
    }),
  );
}

/**
 * Adopts the baseline on the configured database and runs nothing.
 *
 * @throws SquashError as {@link up}; LEDGER_MISMATCH for a database that has to catch up first.
 */
export async function adopt(
  settings: Settings,
  options: FollowOptions = {},
): Promise<{ readonly baseline: string; readonly outcome: AdoptionOutcome }> {
  return onTarget(settings, options, async (server, project) => {
    if (project.baseline === null) {
      throw new SquashError('BASELINE_INVALID', 'there is no baseline among the migrations', {
        hint: 'Make one with knex-squash squash.',
      });
    }
    const outcome = await followOrRefuse(server, project, options, false);
    return { baseline: project.baseline.name, outcome };
  });
}

/**
 * What has to be done before pending migrations may run: the database follows the baseline, and
 * migrations in flight fit behind it.
 *
 * @returns null where there is no baseline.
 */
export async function prepare(
  server: Server,
  project: Project,
  options: FollowOptions,
  catchUp: boolean,
): Promise<AdoptionOutcome | null> {
  if (project.baseline === null) return null;
  await checkBranches(server, project, options);
  return followOrRefuse(server, project, options, catchUp);
}

async function checkBranches(
  server: Server,
  project: Project,
  { onReplayed }: MigrateOptions,
): Promise<void> {
  const { live, project: spelt } = await examine(server.target, project);
  const workshop = openWorkshop(server, project.settings, onReplayed);
  refuseBranches(await judgeBranches(workshop, spelt, live.ledger ?? [], server.major));
}

async function followOrRefuse(
  server: Server,
  project: Project,
  { acceptDrift = [], onMigrated, onReplayed }: FollowOptions,
  catchUp: boolean,
): Promise<AdoptionOutcome> {
  const outcome = await follow({
    server,
    project,
    catchUp,
    acceptDrift,
    ...(onMigrated === undefined ? {} : { onRun: onMigrated }),
    ...(onReplayed === undefined ? {} : { onReplayed }),
  });
  const refusal = refusalOf(outcome, project.baseline?.name ?? '');
  if (refusal !== null) throw refusal;
  return outcome;
}

/** Opens project and server for a command. */
export async function onTarget<T>(
  settings: Settings,
  { onServer }: MigrateOptions,
  fn: (server: Server, project: Project) => Promise<T>,
): Promise<T> {
  const project = await openProject(settings);
  return withServer(settings, async (server) => {
    onServer?.(server);
    return fn(server, project);
  });
}

async function migrate(
  server: Server,
  project: Project,
  { onMigrated }: MigrateOptions,
  command: (migrator: Migrator) => Promise<readonly { readonly name: string }[]>,
): Promise<readonly string[]> {
  const ledger = await withClient(server.target, (client) =>
    readLedger(client, ledgerSettings(project.settings)),
  );
  const { history } = asSpeltIn(project, ledger ?? []);
  return withKnex(server.target, project.settings, async (knex) => {
    const migrator = openMigrator({
      knex,
      settings: ledgerSettings(project.settings),
      migrations: history,
      transaction: 'each',
    });
    migrator.on('migrated', ({ name }) => onMigrated?.(name));
    migrator.on('reverted', ({ name }) => onMigrated?.(name));
    return (await explainingFailures(knex, () => command(migrator))).map(({ name }) => name);
  });
}

/** Of commands that run at once one may find that another has moved the ledger on: it looks again. */
async function unlessOvertaken<T>(fn: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fn();
    } catch (error) {
      if (attempt === 5 || !isSquashError(error) || error.code !== 'LEDGER_CHANGED') throw error;
    }
  }
}
