import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import type { ClientConfig } from 'pg';
import { onDatabase, withClient } from '../../src/database/client.js';
import { quoteIdent } from '../../src/database/sql.js';
import type { Migration } from '../../src/history/migration.js';
import type { Settings } from '../../src/settings/settings.js';
import { caseSettings } from './prove-case.js';
import { testServer, withDatabase } from './server.js';

/** Settings of a project whose migrations are these, on that database; what they build is kept in a folder of its own. */
export function projectOf(migrations: readonly Migration[], connection: ClientConfig): Settings {
  const migrationSource: Knex.MigrationSource<unknown> = {
    getMigrations: async () => [...migrations],
    getMigrationName: (migration) => (migration as Migration).name,
    getMigration: (migration) => (migration as Migration).load() as Promise<Knex.Migration>,
  };
  return {
    ...caseSettings,
    connection,
    migrations: { ...caseSettings.migrations, migrationSource },
    stateDirectory: mkdtempSync(join(tmpdir(), 'knex-squash-validate-')),
  };
}

/** Runs `fn` on a copy of a database in which these statements ran. */
export async function withCopy<T>(
  from: ClientConfig,
  statements: string,
  fn: (copy: ClientConfig) => Promise<T>,
): Promise<T> {
  return withDatabase(async (copy) => {
    const name = quoteIdent(String(copy.database));
    await withClient(onDatabase(testServer(), 'postgres'), async (client) => {
      await client.query(`DROP DATABASE ${name}`);
      await client.query(`CREATE DATABASE ${name} TEMPLATE ${quoteIdent(String(from.database))}`);
    });
    await withClient(copy, (client) => client.query(statements));
    return fn(copy);
  });
}
