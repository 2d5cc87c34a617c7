import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import createKnex, { type Knex } from 'knex';
import type { ClientConfig } from 'pg';
import { onDatabase, withClient } from '../../src/database/client.js';
import { withKnex } from '../../src/history/connect.js';
import { listHistory } from '../../src/history/files.js';
import { readLedger } from '../../src/history/ledger.js';
import { openMigrator } from '../../src/history/migrator.js';
import { loadSettings } from '../../src/settings/load.js';
import type { Settings } from '../../src/settings/settings.js';
import { squash } from '../../src/squash.js';
import { urlOf } from './example.js';
import { withProject, writeIn } from './project.js';
import { pgDump, testServer, withDatabase } from './server.js';

/** A small history with what makes following hard: a spelling that alters, an enum, TypeScript, rows that are changed. */
export const originals = {
  'migrations/1_authors.cjs': `exports.up = async (knex) => {
  await knex.schema.createTable('authors', (t) => { t.increments(); t.string('name').notNullable(); t.string('role', 20).notNullable(); });
  await knex('authors').insert([{ name: 'Ada', role: 'editor' }, { name: 'Bob', role: 'guest' }]);
};
exports.down = (knex) => knex.schema.dropTable('authors');
`,
  'migrations/2_moods.ts': `import type { Knex } from 'knex';
import { moods } from '../lib/moods.ts';
export async function up(knex: Knex): Promise<void> {
  await knex.raw(\`CREATE TYPE mood AS ENUM (\${moods.map((mood: string) => \`'\${mood}'\`).join(', ')})\`);
  await knex.raw(\`ALTER TYPE mood ADD VALUE 'calm'\`);
}
export async function down(knex: Knex): Promise<void> { await knex.raw('DROP TYPE mood'); }
`,
  'migrations/3_books.cjs': `exports.up = async (knex) => {
  await knex.raw(\`CREATE TABLE books (id serial PRIMARY KEY, author int NOT NULL REFERENCES authors, title text,
    mood mood NOT NULL DEFAULT 'calm', added timestamptz NOT NULL DEFAULT now())\`);
  await knex.raw(\`ALTER TABLE authors ADD CONSTRAINT authors_role_check CHECK (role IN ('editor', 'guest', 'reader'))\`);
  await knex.raw(\`INSERT INTO books (author, title) SELECT id, 'On ' || name FROM authors\`);
};
exports.down = (knex) => knex.raw('DROP TABLE books; ALTER TABLE authors DROP CONSTRAINT authors_role_check');
`,
  'migrations/4_titles.cjs': `exports.up = async (knex) => {
  await knex.raw(\`UPDATE authors SET role = 'reader' WHERE role = 'guest'\`);
  await knex.raw('CREATE VIEW titles AS SELECT b.title, a.name FROM books b JOIN authors a ON a.id = b.author');
  await knex.raw('CREATE INDEX books_title ON books (lower(title))');
};
exports.down = (knex) => knex.raw('DROP VIEW titles; DROP INDEX books_title');
`,
};

export const later = {
  'migrations/5_shelves.cjs': `exports.up = (knex) => knex.raw('CREATE TABLE shelves (id int PRIMARY KEY); ALTER TABLE books ADD shelf int REFERENCES shelves');
exports.down = (knex) => knex.raw('ALTER TABLE books DROP shelf; DROP TABLE shelves');
`,
};

export const support = { 'lib/moods.ts': `export const moods = ['good', 'bad'];\n` };

/** A squashed project, and databases that have come to any point of its history. */
export interface Bed {
  readonly root: string;
  /** The baseline's name in the ledger. */
  readonly baseline: string;
  settings(database: ClientConfig): Promise<Settings>;
  /** Runs `fn` on a database that ran these originals, in this order. */
  at<T>(names: readonly string[], fn: (database: ClientConfig) => Promise<T>): Promise<T>;
  /** Runs `fn` on a database that ran the baseline (and what came later) by stock Knex. */
  built<T>(fn: (database: ClientConfig) => Promise<T>): Promise<T>;
}

export const names = Object.keys(originals).map((path) => path.slice('migrations/'.length));
export const laterNames = Object.keys(later).map((path) => path.slice('migrations/'.length));

/** Squashes a history once and lends it; `more` are files that come after the squash. */
export async function withBed<T>(
  fn: (bed: Bed) => Promise<T>,
  {
    more = {},
    history = originals,
  }: { more?: Record<string, string>; history?: Record<string, string> } = {},
): Promise<T> {
  return withProject({ ...support, ...history }, async (root) => {
    await cp(join(root, 'migrations'), join(root, 'originals'), { recursive: true });
    const settings = (database: ClientConfig) =>
      loadSettings({ cwd: root, env: {}, flags: { url: urlOf(database) } });
    const result = await withDatabase(async (empty) => squash(await settings(empty), { adopt: false }));
    if (result.kind !== 'squashed') throw new Error('nothing was squashed');
    for (const [name, text] of Object.entries(more)) {
      await writeIn(root, name, text);
      await writeIn(root, name.replace('migrations/', 'originals/'), text);
    }
    const templates = new Map<string, string>();
    const at: Bed['at'] = async (wanted, use) => {
      const key = wanted.join(' ');
      if (!templates.has(key))
        templates.set(key, await makeTemplate(root, await settings(testServer()), wanted));
      return fromTemplate(templates.get(key) ?? '', use);
    };
    try {
      return await fn({
        root,
        baseline: result.baseline.slice('migrations/'.length),
        settings,
        at,
        built: (use) =>
          withDatabase(async (database) => {
            await withStockKnex(database, join(root, 'migrations'), (knex) => knex.migrate.latest());
            return use(database);
          }),
      });
    } finally {
      await withClient(testServer(), async (client) => {
        for (const name of templates.values()) await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
      });
    }
  });
}

/** {@link withBed} for `beforeAll` and `afterAll`: the bed, and what takes it away. */
export async function lendBed(
  options: Parameters<typeof withBed>[1] = {},
): Promise<[Bed, () => Promise<void>]> {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let ended = Promise.resolve();
  const bed = await new Promise<Bed>((ready, fail) => {
    ended = withBed(async (lent) => {
      ready(lent);
      await released;
    }, options).catch(fail);
  });
  return [
    bed,
    async () => {
      release();
      await ended;
    },
  ];
}

/** A database that ran these files from `originals`, each in its own transaction, as a template. */
async function makeTemplate(root: string, settings: Settings, wanted: readonly string[]): Promise<string> {
  const name = `template_${Math.random().toString(36).slice(2)}`;
  await withClient(testServer(), (client) => client.query(`CREATE DATABASE ${name} TEMPLATE template0`));
  const database = onDatabase(testServer(), name);
  const migrations = { ...settings.migrations, directories: [join(root, 'originals')] };
  const files = new Map((await listHistory(migrations)).map((migration) => [migration.name, migration]));
  await withKnex(database, settings, async (knex) => {
    const done = [];
    for (const each of wanted) {
      const migration = files.get(each);
      if (migration === undefined) throw new Error(`no such original: ${each}`);
      done.push(migration);
      await openMigrator({ knex, settings: { ...migrations, searchPath: null }, migrations: done }).up();
    }
  });
  return name;
}

async function fromTemplate<T>(template: string, fn: (database: ClientConfig) => Promise<T>): Promise<T> {
  const name = `test_${Math.random().toString(36).slice(2)}`;
  await withClient(testServer(), (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  try {
    return await fn(onDatabase(testServer(), name));
  } finally {
    await withClient(testServer(), (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  }
}

const silent = { warn() {}, error() {}, debug() {}, deprecate() {} };

/** Runs `fn` with stock Knex, of any major, on a folder. */
export async function withStockKnex<T>(
  database: ClientConfig,
  directory: string,
  fn: (knex: Knex) => Promise<T>,
  create: typeof createKnex = createKnex,
): Promise<T> {
  const knex = create({
    client: 'pg',
    connection: { ...database } as Knex.PgConnectionConfig,
    pool: { min: 0, max: 4 },
    log: silent,
    migrations: { directory },
  });
  return fn(knex).finally(() => knex.destroy());
}

/** `id name:batch` of each ledger row. */
export async function ledgerOf(database: ClientConfig): Promise<readonly string[]> {
  const rows = await withClient(database, (client) =>
    readLedger(client, { tableName: 'knex_migrations', schemaName: null }),
  );
  return (rows ?? []).map(({ id, name, batch }) => `${id} ${name}:${batch}`);
}

/** Schema and rows by pg_dump without what belongs to the migration tool, times left out; null where there is no pg_dump. */
export async function dumpOf(database: ClientConfig): Promise<string | null> {
  const dump = await pgDump(database, ['--exclude-table=knex_migrations*', '--inserts']);
  return dump?.replaceAll(/'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^']*'/g, "'time'") ?? null;
}

/** Everything, the migration tool's tables too: equal before and after means untouched. */
export async function everythingOf(database: ClientConfig): Promise<string | null> {
  return pgDump(database, ['--inserts']);
}
