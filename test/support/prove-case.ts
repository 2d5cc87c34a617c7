import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import createKnex, { type Knex } from 'knex';
import type { ClientConfig } from 'pg';
import { compareCatalogs } from '../../src/catalog/compare.js';
import type { Catalog } from '../../src/catalog/model.js';
import { withSnapshot } from '../../src/database/client.js';
import { type Draft, draftBaseline } from '../../src/draft.js';
import { sha256 } from '../../src/history/hash.js';
import { loadMigration } from '../../src/history/load.js';
import type { Migration } from '../../src/history/migration.js';
import { readCatalogBeside } from '../../src/proof/observe.js';
import type { Settings } from '../../src/settings/settings.js';
import type { Case } from './cases.js';
import { comparePgDumps } from './pg-dump.js';
import { migrationSettings } from './project.js';
import { testServer, withDatabase } from './server.js';

const server = testServer();

/** Settings of a project without files: its migrations are passed along with them. */
export const caseSettings: Settings = {
  root: tmpdir(),
  knexfile: null,
  environment: 'test',
  connection: server,
  shadowConnection: null,
  searchPath: null,
  knexConfig: {},
  migrations: migrationSettings(tmpdir()),
  backups: join(tmpdir(), 'backups'),
  stateDirectory: tmpdir(),
};

/** The baseline of these migrations, the replays started at once. */
export function draft(migrations: readonly Migration[]): Promise<Draft> {
  return draftBaseline({ shadow: server, target: server }, caseSettings, migrations, { apart: 0 });
}

/**
 * Holds a case's baseline against what stock Knex builds from the case: by our proof, by pg_dump, by a
 * second draft, and by the way back.
 */
export async function proveCase({ migrations, refused, withoutPgDump }: Case): Promise<void> {
  if (refused !== undefined) {
    const { code, message } = refused;
    const refusal = { code, message: expect.stringContaining(message) };
    await expect(draft(migrations)).rejects.toMatchObject(refusal);
    return;
  }
  const { name, text, proof } = await draft(migrations);
  expect(proof.differences).toEqual([]);
  expect(proof.equal).toBe(true);
  await withLoaded(name, text, (baseline) =>
    proveBaseline(migrations, baseline, withoutPgDump === undefined),
  );
  expect((await draft(migrations)).text).toBe(text);
}

/** What stock Knex makes of the baseline equals what it makes of the history, and `down` leaves nothing. */
async function proveBaseline(
  migrations: readonly Migration[],
  baseline: Migration,
  byPgDump: boolean,
): Promise<void> {
  await withDatabase((built) =>
    withDatabase(async (grown) => {
      await migrateByKnex(grown, migrations, oneByOne);
      await migrateByKnex(built, [baseline], (knex) => knex.migrate.latest());
      if (byPgDump) await comparePgDumps(grown, built);
      await migrateByKnex(built, [baseline], (knex) => knex.migrate.rollback());
      expect(compareCatalogs(await emptyCatalog(), await catalogOf(built))).toEqual([]);
    }),
  );
}

/** Each in a transaction of its own, as a database grows: what one adds to an enum the next may use. */
async function oneByOne(knex: Knex): Promise<void> {
  let done: readonly string[];
  do [, done] = await knex.migrate.up();
  while (done.length > 0);
}

/** Writes a baseline's text to a file, as a squash would, and loads it from there. */
async function withLoaded<T>(
  name: string,
  text: string,
  fn: (baseline: Migration) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'knex-squash-case-'));
  try {
    const path = join(folder, name);
    await writeFile(path, text);
    return await fn({ name, path, sha256: sha256(text), load: () => loadMigration(path) });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Knex itself, with a migration source that holds these migrations and none of our code besides. */
export async function migrateByKnex(
  connection: ClientConfig,
  migrations: readonly Migration[],
  fn: (knex: Knex) => Promise<unknown>,
): Promise<void> {
  const migrationSource: Knex.MigrationSource<Migration> = {
    getMigrations: async () => [...migrations],
    getMigrationName: (migration) => migration.name,
    getMigration: (migration) => migration.load() as Promise<Knex.Migration>,
  };
  const knex = createKnex({
    client: 'pg',
    connection: { ...connection } as Knex.PgConnectionConfig,
    pool: { min: 0, max: 2 },
    migrations: { migrationSource },
  });
  try {
    await fn(knex);
  } finally {
    await knex.destroy();
  }
}

let empty: Promise<Catalog> | undefined;

function emptyCatalog(): Promise<Catalog> {
  empty ??= withDatabase(catalogOf);
  return empty;
}

export function catalogOf(connection: ClientConfig): Promise<Catalog> {
  return withSnapshot(connection, (client) => readCatalogBeside(client, caseSettings.migrations));
}
