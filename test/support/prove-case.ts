import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import createKnex, { type Knex } from 'knex';
import type { ClientConfig } from 'pg';
import { compareCatalogs } from '../../src/catalog/compare.js';
import type { Catalog } from '../../src/catalog/model.js';
import { withSnapshot } from '../../src/database/client.js';
import { type Draft, withDraft } from '../../src/draft.js';
import type { Migration } from '../../src/history/migration.js';
import { readCatalogBeside } from '../../src/proof/observe.js';
import { layOut } from '../../src/prove-baseline.js';
import { defaultRowSettings, type RowSettings } from '../../src/settings/rows.js';
import type { Settings } from '../../src/settings/settings.js';
import { defaultValidateSettings } from '../../src/settings/validate.js';
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
  encryption: null,
  rows: defaultRowSettings,
  validate: defaultValidateSettings,
};

/** Runs `fn` with the baseline of these migrations, the replays started at once. */
export function withCaseDraft<T>(
  migrations: readonly Migration[],
  rows: Partial<RowSettings>,
  fn: (draft: Draft) => Promise<T>,
): Promise<T> {
  const settings = { ...caseSettings, rows: { ...defaultRowSettings, ...rows } };
  return withDraft(
    { shadow: server, target: server },
    settings,
    migrations,
    { apart: 0, trialsPatience: 0 },
    fn,
  );
}

/** The baseline of these migrations; its files of rows are gone. */
export function draft(migrations: readonly Migration[], rows: Partial<RowSettings> = {}): Promise<Draft> {
  return withCaseDraft(migrations, rows, async (made) => made);
}

/**
 * Holds a case's baseline against what stock Knex builds from the case: by our proof, by pg_dump, by a
 * second draft, and by the way back.
 */
export async function proveCase({ migrations, refused, withoutPgDump, rows = {} }: Case): Promise<void> {
  if (refused !== undefined) {
    const { code, message } = refused;
    const refusal = { code, message: expect.stringContaining(message) };
    await expect(draft(migrations, rows)).rejects.toMatchObject(refusal);
    return;
  }
  const text = await withCaseDraft(migrations, rows, async (made) => {
    expect(made.proof.differences).toEqual([]);
    expect(made.proof.equal).toBe(true);
    await withLaidOut(made, (baseline) =>
      proveDraft(migrations, made, baseline, withoutPgDump === undefined),
    );
    return made.text;
  });
  expect((await draft(migrations, rows)).text).toBe(text);
}

/** What stock Knex makes of the baseline equals what it makes of the history, and `down` leaves nothing. */
async function proveDraft(
  migrations: readonly Migration[],
  { metadata }: Draft,
  baseline: Migration,
  byPgDump: boolean,
): Promise<void> {
  const volatile = metadata.volatile.filter(({ ruling }) => ruling !== 'freeze');
  await withDatabase((built) =>
    withDatabase(async (grown) => {
      await migrateByKnex(grown, migrations, oneByOne);
      await migrateByKnex(built, [baseline], (knex) => knex.migrate.latest());
      if (byPgDump) await comparePgDumps(grown, built, volatile);
      await migrateByKnex(built, [baseline], (knex) => knex.migrate.rollback());
      expect(compareCatalogs(await emptyCatalog(), await catalogOf(built))).toEqual([]);
    }),
  );
}

/** Each in a transaction of its own, as a database grows: what one adds to an enum the next may use. */
export async function oneByOne(knex: Knex): Promise<void> {
  let done: readonly string[];
  do [, done] = await knex.migrate.up();
  while (done.length > 0);
}

/** Writes a baseline's files to a folder, as a squash would, and loads it from there. */
export async function withLaidOut<T>(made: Draft, fn: (baseline: Migration) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'knex-squash-case-'));
  try {
    return await fn(await layOut(made, folder));
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
