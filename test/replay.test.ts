import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '../src/database/client.js';
import { connectionUrl, shadowEnvironment } from '../src/history/environment.js';
import { listHistory } from '../src/history/files.js';
import type { Migration } from '../src/history/migration.js';
import { type ReplayStep, replayHistory } from '../src/history/replay.js';
import { createsTable, migrationSettings, withProject } from './support/project.js';
import { withDatabase } from './support/server.js';

const replay = (files: Readonly<Record<string, string>>, onProgress?: (step: ReplayStep) => void) =>
  withProject(files, (root) =>
    withDatabase(async (shadow) => {
      const migrations = migrationSettings(root);
      const settings = { migrations, knexConfig: {}, searchPath: null, connection: null };
      const steps = await replayHistory(shadow, settings, await listHistory(migrations), onProgress);
      const { rows } = await withClient(shadow, (client) =>
        client.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^knex_'`),
      );
      return { steps, tables: rows.map(({ tablename }) => tablename).sort(), shadow };
    }),
  );

test('runs all in order and tells each as it is done', async () => {
  const told: ReplayStep[] = [];
  const { steps, tables } = await replay(
    {
      'migrations/1.js': createsTable('a'),
      'migrations/2.ts': `export const up = (knex: any) => knex.raw("CREATE TYPE mood AS ENUM ('sad')");`,
      'migrations/3.ts': `export const up = (knex: any) => knex.raw("ALTER TYPE mood ADD VALUE 'glad'");`,
      'migrations/4.ts': `export const up = (knex: any) => knex.raw("CREATE TABLE b (m mood DEFAULT 'glad')");`,
    },
    (step) => told.push(step),
  );
  expect(steps.map(({ name }) => name)).toEqual(['1.js', '2.ts', '3.ts', '4.ts']);
  expect(steps.every(({ milliseconds }) => milliseconds > 0)).toBe(true);
  expect(told).toEqual(steps);
  expect(tables).toEqual(['a', 'b']);
});

test('runs one that wants no transaction without one', async () => {
  const index = `exports.up = (knex) => knex.raw('CREATE INDEX CONCURRENTLY a_id ON a (id)');
exports.config = { transaction: false };`;
  const { tables } = await replay({ 'migrations/1.js': createsTable('a'), 'migrations/2.js': index });
  expect(tables).toEqual(['a']);
});

describe('a failure is MIGRATION_FAILED and points at its place', () => {
  const failing = (sql: string) => ({
    'migrations/1.js': createsTable('a'),
    'migrations/2.js': `exports.up = (knex) => knex.raw(${JSON.stringify(sql)});`,
  });

  test.each([
    [
      'a syntax error after text beyond the basic plane',
      `SELECT 1;\nSELECT '😀é', \t fro FROM a WHERE;\nSELECT 2`,
      `the migration "2.js" failed: syntax error at or near ";" (42601)
line 2, column 32:
  SELECT '😀é',   fro FROM a WHERE;
  ${' '.repeat(31)}^`,
    ],
    [
      'a missing table, with a hint of the server',
      'SELECT a.idd FROM a',
      `the migration "2.js" failed: column a.idd does not exist (42703)
line 1, column 8:
  SELECT a.idd FROM a
         ^
hint: Perhaps you meant to reference the column "a.id".`,
    ],
    [
      'a broken constraint, with its detail',
      'INSERT INTO a VALUES (1), (1)',
      `the migration "2.js" failed: duplicate key value violates unique constraint "a_pkey" (23505)
detail: Key (id)=(1) already exists.`,
    ],
    [
      'a function, with the inner statement and its context',
      `DO $$ BEGIN\n  EXECUTE 'SELECT 1\nFROM nowhere';\nEND $$`,
      `the migration "2.js" failed: relation "nowhere" does not exist (42P01)
line 2, column 6:
  FROM nowhere
       ^
context: PL/pgSQL function inline_code_block line 2 at EXECUTE`,
    ],
  ])('%s', async (_, sql, message) => {
    const error = await replay(failing(sql)).catch((caught: Error) => caught);
    expect(error).toMatchObject({ code: 'MIGRATION_FAILED' });
    expect((error as Error).message).toBe(message);
  });

  test.each([
    [`throw new Error('gave up')`, 'the migration "1.js" failed: gave up'],
    [`throw 'a text'`, 'the migration "1.js" failed: it threw "a text", which is no error'],
    [`throw undefined`, 'the migration "1.js" failed: it threw undefined, which is no error'],
  ])('an error of its own: %s', async (statement, message) => {
    const files = { 'migrations/1.js': `exports.up = async () => { ${statement} };` };
    await expect(replay(files)).rejects.toMatchObject({ code: 'MIGRATION_FAILED', message });
  });

  test('a migration that does not load stays MIGRATION_INVALID', async () => {
    await expect(replay({ 'migrations/1.js': 'exports.up =' })).rejects.toMatchObject({
      code: 'MIGRATION_INVALID',
    });
  });
});

describe('the environment leads to the shadow', () => {
  const real = 'postgres://someone:secret@real.example:5433/production';
  const saved = { ...process.env };
  afterEach(() => {
    process.env = { ...saved };
  });

  test('while migrations run, and back afterwards, also after a failure', async () => {
    Object.assign(process.env, { DATABASE_URL: real, PGDATABASE: 'production', DB_NAME: 'production' });
    process.env.PGHOSTADDR = '192.0.2.1';
    const { PGUSER } = process.env;
    const tells: Migration = {
      name: 'tells',
      path: null,
      sha256: '',
      load: async () => ({
        up: async () => {
          const { DATABASE_URL, PGDATABASE, DB_NAME, PGHOSTADDR } = process.env;
          throw new Error(JSON.stringify({ DATABASE_URL, PGDATABASE, DB_NAME, PGHOSTADDR }));
        },
      }),
    };
    const settings = {
      migrations: migrationSettings('/nowhere'),
      knexConfig: {},
      searchPath: null,
      connection: { connectionString: real },
    };
    const error = await withDatabase((shadow) => replayHistory(shadow, settings, [tells])).catch(
      (caught: Error) => caught,
    );
    const message = (error as Error).message;
    expect(message).toMatch(/"DATABASE_URL":"postgresql:\/\/[^"]*\/test_[0-9a-f]+"/);
    expect(message).toMatch(/"PGDATABASE":"test_/);
    expect(message).toMatch(/"DB_NAME":"test_/);
    expect(message).not.toMatch(/real\.example|production|192\.0\.2\.1/);
    expect(process.env).toMatchObject({
      DATABASE_URL: real,
      PGDATABASE: 'production',
      PGHOSTADDR: '192.0.2.1',
    });
    expect(process.env.PGUSER).toBe(PGUSER);
  });

  test('of one replay after the other, however many want it at once', async () => {
    Object.assign(process.env, { DATABASE_URL: real, PGDATABASE: 'production' });
    const seen: string[] = [];
    const look = (milliseconds: number): Migration => ({
      name: 'looks',
      path: null,
      sha256: '',
      load: async () => ({
        up: async (knex) => {
          await sleep(milliseconds);
          const { rows } = await knex.raw('SELECT current_database() AS name');
          seen.push(String(process.env.PGDATABASE === rows[0].name));
        },
      }),
    });
    const settings = {
      migrations: migrationSettings('/nowhere'),
      knexConfig: {},
      searchPath: null,
      connection: { connectionString: real },
    };
    await withDatabase((one) =>
      withDatabase((other) =>
        Promise.all([replayHistory(one, settings, [look(30)]), replayHistory(other, settings, [look(90)])]),
      ),
    );
    expect(seen).toEqual(['true', 'true']);
    expect(process.env).toMatchObject({ DATABASE_URL: real, PGDATABASE: 'production' });
  });

  test('every PostgreSQL URL is replaced, others are left', () => {
    const changes = shadowEnvironment(
      {
        READ_URL: 'postgresql://replica/x',
        REDIS_URL: 'redis://cache',
        DB_HOST: 'real.example',
        APP: 'production',
      },
      { host: '127.0.0.1', port: 5, user: 'u', password: 'p@', database: 'shadow' },
      { connectionString: real },
    );
    expect(changes).toMatchObject({
      READ_URL: 'postgresql://u:p%40@127.0.0.1:5/shadow',
      PGHOST: '127.0.0.1',
    });
    expect(Object.keys(changes)).not.toEqual(expect.arrayContaining(['REDIS_URL']));
    expect('APP' in changes).toBe(false);
  });

  test.each([
    [{ host: '/run/pg', port: 1, user: 'u', database: 'd' }, 'postgresql://u@/d?host=%2Frun%2Fpg&port=1'],
    [{ host: '::1', port: 1, user: 'u', database: 'a/b' }, 'postgresql://u@[::1]:1/a%2Fb'],
  ])('a URL names %j', (config, url) => {
    expect(connectionUrl(config)).toBe(url);
  });
});
