import type { ClientConfig } from 'pg';
import { withClient } from '../src/database/client.js';
import { up } from '../src/migrate.js';
import { reset } from '../src/reset.js';
import { loadSettings } from '../src/settings/load.js';
import { runCli } from './support/cli.js';
import { urlOf } from './support/example.js';
import { createsTable, withProject } from './support/project.js';
import { withDatabase } from './support/server.js';
import { dumpOf, everythingOf } from './support/squashed.js';

const query = async (database: ClientConfig, sql: string) =>
  (await withClient(database, (client) => client.query(sql))).rows;

const files = {
  'migrations/1.js': createsTable('a'),
  'migrations/2.js': `exports.up = (knex) => knex.raw("CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('good'); CREATE EXTENSION citext");
exports.down = async () => {};`,
  'seeds/1_rows.ts': `import type { Knex } from 'knex';
export async function seed(knex: Knex): Promise<void> { await knex('a').insert({ id: 7 }); }`,
};

const onStage = (fn: (root: string, database: ClientConfig) => Promise<void>) =>
  withProject(files, (root) => withDatabase((database) => fn(root, database)));

const settingsOf = (root: string, database: ClientConfig, env?: string) =>
  loadSettings({
    cwd: root,
    env: {},
    flags: { url: urlOf(database), ...(env === undefined ? {} : { env }) },
  });

/** What somebody has left in the database besides the migrations' objects. */
const clutter = `INSERT INTO a VALUES (1); CREATE SCHEMA junk; CREATE TABLE junk.rows (m app.mood);
  CREATE VIEW v AS SELECT * FROM a; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER et ON ddl_command_start EXECUTE FUNCTION e();
  ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; GRANT CREATE ON SCHEMA public TO PUBLIC`;

test.each([false, true])(
  'everything goes and is built again, seeds on request (the database itself: %j)',
  async (dropDatabase) => {
    await onStage(async (root, database) => {
      const settings = await settingsOf(root, database);
      await up(settings);
      const fresh = await dumpOf(database);
      await query(database, clutter);
      const dry = await reset(settings, { confirmed: null, dryRun: true, dropDatabase });
      expect(dry).toMatchObject({ ran: [], seeds: [] });
      expect(await dumpOf(database)).not.toBe(fresh);
      const { ran, kept } = await reset(settings, { confirmed: database.database ?? '', dropDatabase });
      expect([ran, kept]).toEqual([['1.js', '2.js'], []]);
      expect(await dumpOf(database)).toBe(fresh);
      const { seeds } = await reset(settings, {
        confirmed: database.database ?? '',
        seed: true,
        dropDatabase,
      });
      expect(seeds).toEqual([expect.stringMatching(/1_rows\.ts$/)]);
      expect(await query(database, 'SELECT id FROM a')).toEqual([{ id: 7 }]);
    });
  },
);

test('what others own stays, and is named', async () => {
  await onStage(async (root, database) => {
    const role = `reset_${Math.random().toString(36).slice(2)}`;
    await query(
      database,
      `CREATE ROLE ${role} LOGIN PASSWORD 'p'; GRANT ALL ON DATABASE ${database.database} TO ${role}; GRANT ALL ON SCHEMA public TO ${role}; CREATE TABLE theirs (id int)`,
    );
    try {
      const settings = await settingsOf(root, { ...database, user: role, password: 'p' });
      await query({ ...database, user: role, password: 'p' }, 'CREATE TABLE ours (id int)');
      const { kept, ran } = await reset(settings, { confirmed: database.database ?? '' });
      expect([kept, ran]).toEqual([['DROP TABLE public.theirs'], ['1.js', '2.js']]);
      expect(await query(database, `SELECT to_regclass('ours') AS ours`)).toEqual([{ ours: null }]);
    } finally {
      await query(database, `DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});

describe('the wrong target is refused, with nothing touched', () => {
  test.each([
    ['nobody confirmed', null, undefined, {}],
    ['another name', 'production', undefined, {}],
    ['the name in another case', 'upper', undefined, {}],
    ['an empty name', '', undefined, {}],
    ['a wrong answer', null, async () => 'no', {}],
    ['NODE_ENV=production', 'right', undefined, { NODE_ENV: 'production' }],
    ['the environment production', 'right', undefined, { environment: 'production' }],
  ])('%s', async (_, name, ask, { NODE_ENV, environment }: { NODE_ENV?: string; environment?: string }) => {
    await onStage(async (root, database) => {
      await up(await settingsOf(root, database));
      const settings = await settingsOf(root, database, environment);
      const before = await everythingOf(database);
      const own = database.database ?? '';
      const confirmed = name === 'right' ? own : name === 'upper' ? own.toUpperCase() : name;
      const env = process.env.NODE_ENV;
      if (NODE_ENV !== undefined) process.env.NODE_ENV = NODE_ENV;
      try {
        await expect(
          reset(settings, { confirmed, ...(ask === undefined ? {} : { ask }) }),
        ).rejects.toMatchObject({ code: 'NOT_CONFIRMED' });
        expect(await everythingOf(database)).toBe(before);
      } finally {
        process.env.NODE_ENV = env;
      }
    });
  });

  test('by the command line, which asks nothing without a terminal', async () => {
    await onStage(async (root, database) => {
      const refused = await runCli(['reset', '--json'], { root, database });
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain(`--yes-really ${database.database}`);
      const production = await runCli(
        ['reset', '--yes-really', database.database ?? ''],
        { root, database },
        { NODE_ENV: 'production' },
      );
      expect(production.stderr).toContain('--allow-production');
      const done = await runCli(
        ['reset', '--yes-really', database.database ?? '', '--allow-production'],
        { root, database },
        { NODE_ENV: 'production' },
      );
      expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('ran 2.js') });
    });
  });
});

test('an answer on a terminal is as good', async () => {
  await onStage(async (root, database) => {
    const settings = await settingsOf(root, database);
    expect(await reset(settings, { confirmed: null, ask: async (name) => name })).toMatchObject({
      ran: ['1.js', '2.js'],
    });
  });
});
