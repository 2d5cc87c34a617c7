import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import pg from 'pg';
import { readProperties } from '../src/backup/properties.js';
import { backupFull, type FullBackup } from '../src/backup.js';
import { onDatabase, withClient } from '../src/database/client.js';
import { quoteIdent } from '../src/database/sql.js';
import { restoreFull } from '../src/restore-full.js';
import type { Settings } from '../src/settings/settings.js';
import { runCli } from './support/cli.js';
import { settingsOf } from './support/example.js';
import { withProject } from './support/project.js';
import { ensureRoles } from './support/run-cases.js';
import { testServer, withDatabase } from './support/server.js';
import { everythingOf } from './support/squashed.js';

const query = async (database: ClientConfig, sql: string) =>
  (await withClient(database, (client) => client.query(sql))).rows;

const databases = async (pattern: string) =>
  (await query(testServer(), `SELECT datname FROM pg_database WHERE datname ~ '${pattern}' ORDER BY 1`)).map(
    ({ datname }) => datname as string,
  );

const contents = `CREATE TABLE a (id serial PRIMARY KEY, t text); INSERT INTO a (t) VALUES ('backed up');
  CREATE VIEW v AS SELECT t FROM a; GRANT SELECT ON v TO case_reader; ALTER TABLE a OWNER TO case_owner`;

interface Bed {
  readonly root: string;
  readonly settings: Settings;
  readonly database: ClientConfig;
  readonly name: string;
  readonly backup: FullBackup;
}

beforeAll(ensureRoles);

/** A database, its backup, and what happened to it since. */
async function onBackedUp(fn: (bed: Bed) => Promise<void>): Promise<void> {
  await withProject({}, (root) =>
    withDatabase(async (database) => {
      const name = database.database ?? '';
      await query(database, contents);
      const settings = await settingsOf(root, database);
      const backup = await backupFull(settings, { engine: 'driver' });
      await query(
        database,
        `UPDATE a SET t = 'later'; CREATE TABLE later (); ALTER DATABASE ${name} OWNER TO case_owner;
         GRANT CREATE ON DATABASE ${name} TO case_writer; ALTER DATABASE ${name} SET search_path TO public, app;
         ALTER ROLE case_reader IN DATABASE ${name} SET work_mem TO '1MB'; COMMENT ON DATABASE ${name} IS 'it''s';
         ALTER DATABASE ${name} CONNECTION LIMIT 50`,
      );
      try {
        await fn({ root, settings, database, name, backup });
      } finally {
        for (const other of await databases(`^${name}_before|^knex_squash_restore`))
          await query(testServer(), `DROP DATABASE ${quoteIdent(other)} WITH (FORCE)`);
      }
    }),
  );
}

const texts = async (database: ClientConfig) =>
  (await query(database, 'SELECT t FROM a')).map(({ t }) => t as string);

test('a restore takes the place of the database, which is kept, with owner, grants and settings', async () => {
  await onBackedUp(async ({ settings, database, name }) => {
    const before = await withClient(database, readProperties);
    expect([before.owner, before.settings.length, before.grants.length]).toEqual(['case_owner', 2, 1]);
    // A program that is connected is sent away, and finds the new database when it comes again.
    const program = new pg.Client(database);
    program.on('error', () => {});
    await program.connect();
    const done = await restoreFull(settings, { confirmed: name });
    expect(done).toMatchObject({ database: name, tables: 1, rows: 1, continued: false });
    await expect(program.query('SELECT')).rejects.toThrow();
    expect(await texts(database)).toEqual(['backed up']);
    expect(await query(database, `SELECT to_regclass('later') AS later`)).toEqual([{ later: null }]);
    expect(await withClient(database, readProperties)).toEqual(before);
    expect(await texts(onDatabase(database, done.kept ?? ''))).toEqual(['later']);
    expect(await databases('^knex_squash_restore')).toEqual([]);
  });
});

test('--into makes a copy beside, and takes no name that is taken', async () => {
  await onBackedUp(async ({ root, settings, database, name }) => {
    const before = await everythingOf(database);
    const copy = `${name}_before_copy`;
    const done = await runCli(['restore', 'full', '--into', copy], { root, database });
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining(`restored ${copy}`) });
    expect(await texts(onDatabase(database, copy))).toEqual(['backed up']);
    expect(await everythingOf(database)).toBe(before);
    await expect(restoreFull(settings, { confirmed: null, into: copy })).rejects.toMatchObject({
      code: 'RESTORE_FAILED',
    });
  });
});

describe('SIGKILL leaves the old database or the new one, and a rerun completes', () => {
  test.each([
    ['restore-full.started', 'later', false],
    ['restore-full.created', 'later', false],
    ['restore-full.restored', 'later', false],
    ['restore-full.ready', 'later', true],
    ['restore-full.moved-aside', 'later', true],
    ['restore-full.renamed', 'later', true],
    ['restore-full.swapped', 'backed up', true],
  ])('at %s', async (step, found, continued) => {
    await onBackedUp(async ({ root, settings, database, name }) => {
      const before = await everythingOf(database);
      const killed = await runCli(
        ['restore', 'full', '--yes-really', name],
        { root, database },
        { KNEX_SQUASH_FAIL: `${step}:kill` },
      );
      expect(killed.signal).toBe('SIGKILL');
      expect(await texts(database)).toEqual([found]);
      if (found === 'later') expect(await everythingOf(database)).toBe(before);
      const done = await restoreFull(settings, { confirmed: name });
      expect(done.continued).toBe(continued);
      expect(await texts(database)).toEqual(['backed up']);
      expect(await databases(`^${name}_before`)).toEqual([done.kept]);
      expect(await databases('^knex_squash_restore')).toEqual([]);
    });
  });
});

describe('what fails before the swap leaves the database as it is', () => {
  test.each([
    ['an altered file', async ({ backup }: Bed) => appendFile(join(backup.folder, 'schema-1.sql'), ' ')],
    ['a file too much', async ({ backup }: Bed) => appendFile(join(backup.folder, 'rows/x'), ' ')],
    ['an error on the way', async () => {}],
  ])('%s', async (what, damage) => {
    await onBackedUp(async (bed) => {
      const { database, name, root } = bed;
      await damage(bed);
      const before = await everythingOf(database);
      const wish = what === 'an error on the way' ? { KNEX_SQUASH_FAIL: 'restore-full.restored:throw' } : {};
      const failed = await runCli(['restore', 'full', '--yes-really', name], { root, database }, wish);
      expect(failed.code).toBe(1);
      expect(failed.stderr).toContain(
        what === 'an error on the way' ? 'failed on purpose' : 'BACKUP_INVALID',
      );
      expect(await everythingOf(database)).toBe(before);
      expect(await databases(`^${name}_before|^knex_squash_restore`)).toEqual([]);
    });
  });
});

test('the wrong target is refused, with nothing touched', async () => {
  await onBackedUp(async ({ root, settings, database, name }) => {
    const before = await everythingOf(database);
    for (const confirmed of [null, '', 'production', name.toUpperCase()]) {
      await expect(restoreFull(settings, { confirmed })).rejects.toMatchObject({ code: 'NOT_CONFIRMED' });
    }
    await expect(
      restoreFull({ ...settings, environment: 'production' }, { confirmed: name }),
    ).rejects.toMatchObject({ code: 'NOT_CONFIRMED' });
    const asked = await runCli(['restore', 'full', '--json'], { root, database });
    expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining(`--yes-really ${name}`) });
    const dry = await runCli(['restore', 'full', '--dry-run'], { root, database });
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining(`would restore ${name}`) });
    expect(await everythingOf(database)).toBe(before);
    expect(await databases(`^${name}_before|^knex_squash_restore`)).toEqual([]);
  });
});
