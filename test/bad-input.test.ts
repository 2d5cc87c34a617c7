import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { compareCatalogs } from '../src/catalog/compare.js';
import { withClient } from '../src/database/client.js';
import type { Settings } from '../src/settings/settings.js';
import { squash } from '../src/squash.js';
import { runChild } from './support/child.js';
import { runCli } from './support/cli.js';
import { settingsOf, treeOf, urlOf } from './support/example.js';
import { createsTable, withProject } from './support/project.js';
import { catalogOf } from './support/prove-case.js';
import { testServer, withDatabase } from './support/server.js';

type Files = Readonly<Record<string, string>>;

/** The account that owns nothing. */
const nobody = 65534;

const good: Files = {
  'migrations/1_authors.js': createsTable('authors'),
  'migrations/2_books.js': createsTable('books'),
};

/** A project with these files and a database that has a table and a row of its own. */
async function withVictim(
  files: Files,
  fn: (project: { root: string; database: ClientConfig; settings: Settings }) => Promise<void>,
): Promise<void> {
  await withDatabase((database) =>
    withProject(files, async (root) => {
      await withClient(database, (client) => client.query('CREATE TABLE mine AS SELECT 1 AS value'));
      await fn({ root, database, settings: await settingsOf(root, database) });
    }),
  );
}

/** Expects a refusal that leaves files, database and ledger as they were. */
async function expectRefusal(
  files: Files,
  error: object,
  change: (settings: Settings) => Settings = (same) => same,
) {
  await withVictim(files, async ({ root, database, settings }) => {
    const tree = await treeOf(root);
    const catalog = await catalogOf(database);
    await expect(squash(change(settings))).rejects.toMatchObject({
      name: 'SquashError',
      hint: expect.any(String),
      ...error,
    });
    expect(await treeOf(root)).toEqual(tree);
    expect(compareCatalogs(catalog, await catalogOf(database))).toEqual([]);
  });
}

const says = (...parts: readonly string[]) => expect.stringMatching(new RegExp(parts.join('[\\s\\S]*')));

describe('a squash refuses and leaves everything as it was:', () => {
  test('a folder without migrations', () =>
    expectRefusal(
      { 'migrations/README.md': 'none' },
      { code: 'HISTORY_EMPTY', message: says('migrations') },
    ));

  test('an empty file', () =>
    expectRefusal(
      { ...good, 'migrations/3_empty.js': '' },
      { code: 'MIGRATION_INVALID', message: says('3_empty.js') },
    ));

  test('a syntax error', () =>
    expectRefusal(
      { ...good, 'migrations/3_broken.js': 'exports.up = (knex => {' },
      { code: 'MIGRATION_INVALID', message: says('3_broken.js') },
    ));

  test('a file without up', () =>
    expectRefusal(
      { ...good, 'migrations/3_no_up.js': 'exports.down = () => {};' },
      { code: 'MIGRATION_INVALID', message: says('3_no_up.js', 'up') },
    ));

  test('two files with one name', () =>
    expectRefusal(
      { ...good, 'more/1_authors.js': createsTable('others') },
      { code: 'MIGRATION_DUPLICATE', message: says('1_authors.js') },
      (settings) => ({
        ...settings,
        migrations: {
          ...settings.migrations,
          directories: [join(settings.root, 'migrations'), join(settings.root, 'more')],
        },
      }),
    ));

  test('a history that fails half-way, with the place in the statement', () =>
    expectRefusal(
      {
        ...good,
        'migrations/3_fails.js': `exports.up = (knex) => knex.raw('CREATE TABLE x (\\n  a intt\\n)');`,
      },
      {
        code: 'MIGRATION_FAILED',
        message: says('3_fails.js', 'type "intt" does not exist', 'line 2', '\\^'),
      },
    ));

  test('an object of a kind that it does not carry', () =>
    expectRefusal(
      {
        ...good,
        'migrations/3_large_object.js': `exports.up = (knex) => knex.raw('SELECT lo_create(4711)');`,
      },
      { code: 'OBJECT_UNSUPPORTED', message: says('large object 4711') },
    ));

  test('a domain that reads a table, of which no order of creation takes account', () =>
    expectRefusal(
      {
        ...good,
        'migrations/3_domain.js': `exports.up = (knex) => knex.raw(\`
          CREATE TABLE zebras (id int PRIMARY KEY);
          INSERT INTO zebras VALUES (1);
          CREATE FUNCTION is_zebra(int) RETURNS boolean LANGUAGE plpgsql AS
            'BEGIN RETURN EXISTS (SELECT FROM zebras WHERE id = $1); END';
          CREATE DOMAIN zebra AS int CHECK (is_zebra(VALUE));
          CREATE TABLE ants (friend zebra);
          INSERT INTO ants VALUES (1)\`);`,
      },
      { code: 'PROOF_FAILED', message: says('does not build on an empty database', 'domain zebra') },
    ));

  test('a value that JavaScript makes anew each time', () =>
    expectRefusal(
      {
        ...good,
        'migrations/3_secret.js': `exports.up = async (knex) => {
          await knex.schema.createTable('settings', (t) => { t.string('name').primary(); t.string('value'); });
          await knex('settings').insert({ name: 'jwt_secret', value: require('node:crypto').randomBytes(16).toString('hex') });
        };`,
      },
      { code: 'VOLATILE_UNRULED', message: says('settings.value') },
    ));

  test('a secret that its own row repeats, and names only where it comes from', () =>
    expectRefusal(
      {
        ...good,
        'migrations/3_environments.js': `exports.up = async (knex) => {
          await knex.schema.createTable('environments', (t) => {
            t.increments();
            t.uuid('secret_key').defaultTo(knex.raw('gen_random_uuid()'));
            t.string('secret_key_hashed');
          });
          await knex('environments').insert([{ id: 1 }, { id: 2 }]);
          await knex('environments').update({ secret_key_hashed: knex.raw('secret_key::text') });
        };`,
      },
      { code: 'VOLATILE_UNRULED', message: says('environments.secret_key \\(') },
    ));

  test('a server that is not there', () =>
    expectRefusal(good, { code: 'SERVER_UNREACHABLE', message: says('127.0.0.1:1/') }, (settings) => ({
      ...settings,
      connection: { host: '127.0.0.1', port: 1, user: 'postgres', database: 'app' },
    })));

  test('a role that may not make shadows', async () => {
    const server = testServer();
    await withClient(server, (client) =>
      client.query(`DROP ROLE IF EXISTS humble; CREATE ROLE humble LOGIN PASSWORD 'humble'`),
    );
    await expectRefusal(good, { code: 'SHADOW_UNAVAILABLE', message: says('role "humble"') }, (settings) => ({
      ...settings,
      connection: { ...settings.connection, user: 'humble', password: 'humble' },
    }));
  });
});

test('a folder that cannot be written is refused, and no half archive stays', () =>
  withVictim(good, async ({ root, database, settings }) => {
    const isRoot = process.getuid?.() === 0;
    for (const folder of [root, settings.backups]) await mkdir(folder, { recursive: true });
    // Root may write everywhere, so an ordinary user tries.
    if (isRoot) for (const path of [root, settings.backups]) await chown(path, nobody, nobody);
    await chmod(join(root, 'migrations'), 0o555);
    const tree = await treeOf(root);
    const { stdout } = await runChild(
      `import { loadSettings, squash } from '#src/index.js';
       const [cwd, url] = process.argv.slice(-2);
       await squash(await loadSettings({ cwd, env: {}, flags: { url } })).catch(({ code, message }) => console.log(code, message));`,
      { args: [root, urlOf(database)], ...(isRoot ? { uid: nobody } : {}) },
    );
    // For an ordinary user a folder that can't be written can't be removed either.
    await chmod(join(root, 'migrations'), 0o755);
    expect(stdout).toMatch(/^FILE_UNWRITABLE .*migrations/);
    expect(await treeOf(root)).toEqual(tree);
  }));

describe('the command line', () => {
  test('prints the code, the cause and the remedy, and exits with 1', () =>
    withVictim(
      { 'migrations/1_fails.js': `exports.up = (knex) => knex.raw('SELECT 1 / 0');` },
      async (project) => {
        const { code, stdout, stderr } = await runCli(['squash', '--json'], project);
        expect(code).toBe(1);
        expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, error: { code: 'MIGRATION_FAILED' } });
        expect(stderr).toMatch(/MIGRATION_FAILED.*1_fails\.js[\s\S]*division by zero/);
      },
    ));

  test('finds nothing to squash in a lone baseline, writes nothing and exits with 0', () =>
    withVictim(good, async (project) => {
      await squash(project.settings, { adopt: false });
      const tree = await treeOf(project.root);
      const { code, stdout } = await runCli(['squash'], project);
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('Nothing to squash') });
      expect(await treeOf(project.root)).toEqual(tree);
    }));
});
