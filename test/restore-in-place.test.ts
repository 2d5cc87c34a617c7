import { dirname } from 'node:path';
import type { ClientConfig } from 'pg';
import { backupFull } from '../src/backup.js';
import { withClient } from '../src/database/client.js';
import { quoteIdent } from '../src/database/sql.js';
import { restoreFull } from '../src/restore-full.js';
import { settingsOf } from './support/example.js';
import { withProject } from './support/project.js';
import { clientProgram, serverMajor, testServer, withDatabase } from './support/server.js';
import { everythingOf } from './support/squashed.js';

const query = async (database: ClientConfig, sql: string) =>
  (await withClient(database, (client) => client.query(sql))).rows;

const role = `in_place_${Math.random().toString(36).slice(2)}`;
const program = await clientProgram('pg_restore', await serverMajor(testServer()));
if (program === null) console.warn('no pg_restore is installed: only our own engine restores in place here');
else process.env.PG_BIN = dirname(program);
const engines = program === null ? (['driver'] as const) : (['driver', 'pg_dump'] as const);

beforeAll(() => query(testServer(), `CREATE ROLE ${role} LOGIN PASSWORD 'x'`));
afterAll(() => query(testServer(), `DROP ROLE ${role}`));

interface Bed {
  readonly root: string;
  readonly database: ClientConfig;
  /** The same as a role that owns it and may make none. */
  readonly owned: ClientConfig;
  readonly name: string;
}

/** A database of a role without CREATEDB. */
async function onOwned(fn: (bed: Bed) => Promise<void>): Promise<void> {
  await withProject({}, (root) =>
    withDatabase(async (database) => {
      const name = database.database ?? '';
      await query(database, `ALTER DATABASE ${quoteIdent(name)} OWNER TO ${role}`);
      const owned = { ...database, user: role, password: 'x' };
      await query(
        owned,
        `CREATE SCHEMA app; CREATE TABLE app.a (id serial PRIMARY KEY, t text); CREATE VIEW app.v AS SELECT t FROM app.a;
         INSERT INTO app.a (t) VALUES ('one'), (E'\\\\ and \\t'); CREATE TYPE app.mood AS ENUM ('fine')`,
      );
      await fn({ root, database, owned, name });
    }),
  );
}

describe.each(engines)('by %s, a role that may not swap databases', (engine) => {
  test('restores in place with --clean, all of it or nothing', async () => {
    await onOwned(async ({ root, database, owned, name }) => {
      const { folder } = await backupFull(await settingsOf(root, database), { engine });
      const before = await everythingOf(database);
      await query(owned, `UPDATE app.a SET t = 'later'; CREATE TABLE app.later (); DROP VIEW app.v`);
      const later = await everythingOf(database);
      const settings = await settingsOf(root, owned);
      const options = { from: folder, confirmed: name };

      await expect(restoreFull(settings, options)).rejects.toMatchObject({
        code: 'RESTORE_FAILED',
        hint: expect.stringContaining('--clean'),
      });
      const dry = await restoreFull(settings, { ...options, clean: true, dryRun: true });
      expect(dry).toMatchObject({ inPlace: true, kept: null });
      process.env.KNEX_SQUASH_FAIL = 'restore-full.in-place:throw';
      await expect(restoreFull(settings, { ...options, clean: true })).rejects.toThrow('failed on purpose');
      delete process.env.KNEX_SQUASH_FAIL;
      expect(await everythingOf(database)).toBe(later);

      const done = await restoreFull(settings, { ...options, clean: true });
      expect(done).toMatchObject({ inPlace: true, kept: null, tables: 1, rows: 2 });
      expect(await everythingOf(database)).toBe(before);
    });
  });

  test("is stopped by an object of another's, with nothing dropped", async () => {
    await onOwned(async ({ root, database, owned, name }) => {
      const { folder } = await backupFull(await settingsOf(root, database), { engine });
      await query(database, 'CREATE SCHEMA foreign_to_it; DROP VIEW app.v');
      const before = await everythingOf(database);
      const options = { from: folder, confirmed: name, clean: true };
      await expect(restoreFull(await settingsOf(root, owned), options)).rejects.toMatchObject({
        code: 'RESTORE_FAILED',
        message: expect.stringContaining('foreign_to_it'),
      });
      expect(await everythingOf(database)).toBe(before);
    });
  });
});

test('fills an empty database without --clean, and trusts no unverified backup', async () => {
  await onOwned(async ({ root, database, owned, name }) => {
    const unproved = await backupFull(await settingsOf(root, database), { engine: 'driver', verify: false });
    const { folder } = await backupFull(await settingsOf(root, database), { engine: 'driver' });
    const before = await everythingOf(database);
    await query(owned, 'DROP SCHEMA app CASCADE');
    const settings = await settingsOf(root, owned);
    await expect(restoreFull(settings, { from: unproved.folder, confirmed: name })).rejects.toMatchObject({
      code: 'RESTORE_FAILED',
      message: expect.stringContaining('is not verified'),
    });
    await restoreFull(settings, { from: folder, confirmed: name });
    expect(await everythingOf(database)).toBe(before);
  });
});
