import { withClient } from './database/client.js';
import { withServer } from './database/server.js';
import { ledgerSettings } from './follow/examine.js';
import { asSpeltIn, openProject } from './follow/project.js';
import { withKnex } from './history/connect.js';
import { readLedger } from './history/ledger.js';
import type { Migration } from './history/migration.js';
import { type Migrator, openMigrator } from './history/migrator.js';
import { type FollowOptions, onTarget, prepare } from './migrate.js';
import { keepOn } from './object-files.js';
import type { KeptObjects } from './objects/keep.js';
import type { Settings } from './settings/settings.js';

export interface CreateMigratorOptions extends FollowOptions {
  /** Whether `up` may run archived originals that the database lacks; it may by default. */
  readonly catchUp?: boolean;
  /** Whether objects are dropped whose file is gone. */
  readonly pruneObjects?: boolean;
  /** Told what became of the objects that have files of their own. */
  readonly onObjects?: (kept: KeptObjects) => void;
}

/**
 * A real Umzug on a project's migrations and its configured database: events, `up({ to })`, `down`,
 * `pending`, `executed`, `runAsCLI`. Its ledger is Knex's own. Each migration and its row commit in one
 * transaction, under Knex's lock and on the session that runs it; `up` first lets the database follow
 * the baseline, and at last, unless it is told where to end, views, functions, triggers and policies become
 * what their files say. It holds no connection between its commands, so nothing has to be closed.
 *
 * Its commands throw what `up` and `down` throw, but a migration's own error as Umzug's MigrationError.
 */
export function createMigrator(settings: Settings, options: CreateMigratorOptions = {}): Migrator {
  return openMigrator({
    knex: { lend: (fn) => withServer(settings, ({ target }) => withKnex(target, settings, fn)) },
    settings: ledgerSettings(settings),
    migrations: () => listSpelt(settings),
    transaction: 'each',
    beforeUp: async () => {
      await onTarget(settings, options, (server, project) =>
        prepare(server, project, options, options.catchUp ?? true),
      );
    },
    afterUp: () =>
      withServer(settings, async (server) => {
        const kept = await keepOn(server, settings, { prune: options.pruneObjects ?? false });
        options.onObjects?.(kept);
      }),
  });
}

async function listSpelt(settings: Settings): Promise<readonly Migration[]> {
  const project = await openProject(settings);
  if (settings.migrations.sameName === 'exact') return project.history;
  const ledger = await withServer(settings, ({ target }) =>
    withClient(target, (client) => readLedger(client, ledgerSettings(settings))),
  );
  return asSpeltIn(project, ledger ?? []).history;
}
