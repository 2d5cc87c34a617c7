import type { Knex } from 'knex';
import type { ClientConfig } from 'pg';
import type { Settings } from '../settings/settings.js';
import { withKnex } from './connect.js';
import { withShadowEnvironment } from './environment.js';
import { explainingFailures } from './failure.js';
import type { Migration } from './migration.js';
import { openMigrator } from './migrator.js';

/** One migration that was run. */
export interface ReplayStep {
  readonly name: string;
  readonly milliseconds: number;
}

/** What a replay needs to know of the project. */
export type ReplaySettings = Pick<Settings, 'connection' | 'knexConfig' | 'migrations' | 'searchPath'>;

/**
 * Runs migrations in their order on a shadow. Each has a transaction of its own, as in a database
 * that has grown with the history: an enum's value that one adds can be used by the next. While they
 * run, the environment leads to the shadow instead of the real database.
 *
 * @param connection the shadow, an empty database.
 * @param onProgress called after each migration; the next one waits for it.
 * @returns the steps, in order.
 * @throws SquashError MIGRATION_FAILED with the server's message and place; MIGRATION_INVALID.
 */
export async function replayHistory(
  connection: ClientConfig,
  settings: ReplaySettings,
  migrations: readonly Migration[],
  onProgress: (step: ReplayStep) => void | Promise<void> = () => {},
): Promise<readonly ReplayStep[]> {
  return withShadowEnvironment(connection, settings.connection, () =>
    withKnex(connection, settings, (knex) => replayOn(knex, settings, migrations, onProgress)),
  );
}

async function replayOn(
  knex: Knex,
  { migrations: migrationSettings, searchPath }: ReplaySettings,
  migrations: readonly Migration[],
  onProgress: (step: ReplayStep) => void | Promise<void>,
): Promise<readonly ReplayStep[]> {
  await ensureSchema(knex, migrationSettings.schemaName);
  const steps: ReplayStep[] = [];
  const migrator = openMigrator({
    knex,
    settings: { ...migrationSettings, searchPath },
    migrations,
    transaction: 'each',
    isAlone: true,
  });
  let startedAt = 0;
  migrator.on('migrating', () => {
    startedAt = performance.now();
  });
  migrator.on('migrated', async ({ name }) => {
    const step = { name, milliseconds: performance.now() - startedAt };
    steps.push(step);
    await onProgress(step);
  });
  await explainingFailures(knex, () => migrator.up());
  return steps;
}

/** A ledger with a schema of its own presupposes that schema: on a real database somebody has made it. */
async function ensureSchema(knex: Knex, schemaName: string | null): Promise<void> {
  if (schemaName !== null) await knex.schema.createSchemaIfNotExists(schemaName);
}
