import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCode } from '../src/audit/code.js';
import { parseRegistry, renderRegistry } from '../src/audit/registry-file.js';
import type { AuditResult } from '../src/audit/result.js';
import { readStatements } from '../src/audit/statements.js';
import { audit } from '../src/audit.js';
import { withClient } from '../src/database/client.js';
import { up } from '../src/migrate.js';
import { runCli } from './support/cli.js';
import { settingsOf, withExample } from './support/example.js';
import { createsTable, withProject, writeIn } from './support/project.js';
import { withDatabase } from './support/server.js';
import { everythingOf } from './support/squashed.js';

async function auditOf(files: Readonly<Record<string, string>>): Promise<AuditResult> {
  return withDatabase((database) =>
    withProject(files, async (root) => audit(await settingsOf(root, database), { dryRun: true })),
  );
}

/** A migration of CommonJS with that body of `up`. */
const migration = (body: string, extra = ''): string =>
  `exports.up = async (knex) => { ${body} };\nexports.down = async () => {};\n${extra}`;

describe('the example project', () => {
  let result: AuditResult;
  let order: readonly (readonly [string, string])[];

  beforeAll(async () => {
    await withExample(async ({ settings, database }) => {
      await up(settings);
      const before = await everythingOf(database);
      result = await audit(settings);
      expect(await everythingOf(database)).toBe(before);
      order = await withClient(database, async (client) => {
        const { rows } = await client.query<{ above: string; below: string }>(
          `SELECT DISTINCT r.ev_class::regclass::text AS above, d.refobjid::regclass::text AS below
             FROM pg_rewrite r JOIN pg_depend d ON d.objid = r.oid AND d.classid = 'pg_rewrite'::regclass
             JOIN pg_class c ON c.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass AND c.relkind IN ('v', 'm')
            WHERE d.refobjid <> r.ev_class AND r.ev_class >= 16384`,
        );
        return rows.map(({ above, below }) => [above, below] as const);
      });
      expect(await readFile(join(settings.root, result.file), 'utf8')).toContain('data_source_progress');
    });
  }, 60_000);

  const entry = (id: string) => result.registry.find((each) => each.id === id);

  test('the table that raw SQL made, the enum, and nothing that a schema builder made', () => {
    expect(entry('table public.data_source_progress')).toMatchObject({
      migration: '20240117141500_add_data_source_progress.ts',
      by: 'raw SQL',
      partOf: null,
    });
    expect(entry('enum public.source_status')?.events).toEqual([
      { migration: '20240117141500_add_data_source_progress.ts', event: 'created', by: ['raw SQL'] },
      { migration: '20240507120000_add_paused_source_status.ts', event: 'altered', by: ['raw SQL'] },
    ]);
    const tables = result.registry.filter(({ kind }) => kind === 'table').map(({ id }) => id);
    expect(tables).toEqual(['table public.data_source_progress']);
    expect(entry('view public.static_source_activity')).toBeUndefined();
  });

  test('all 10 views and the materialized view, each after what it stands on', () => {
    const names = result.views.map(({ id }) => id.replace(/^(materialized )?view public\./, ''));
    expect(names).toHaveLength(11);
    expect(order.length).toBeGreaterThan(5);
    for (const [above, below] of order) {
      expect([above, names.indexOf(above) > names.indexOf(below)]).toEqual([above, true]);
    }
  });

  test('which migrations made which views anew', async () => {
    // From the texts: a migration that drops a view and creates it.
    const recreated = result.views.map(({ id, recreatedBy }) => [id, recreatedBy]);
    const last = '20241015101500_include_static_sources_in_evidence.ts';
    const ranking = [
      'view public.gene_evidence_counts',
      'view public.gene_source_scores',
      'view public.evidence_source_summary',
      'view public.gene_scores',
      'materialized view public.gene_ranking',
      'view public.curation_queue',
      'view public.public_gene_list',
    ];
    for (const id of ranking) expect(recreated).toContainEqual([id, expect.arrayContaining([last])]);
    expect(recreated).toContainEqual([
      'view public.static_source_activity',
      ['20240903083000_retire_spreadsheet.ts'],
    ]);
    expect(recreated).toContainEqual(['view public.source_freshness', []]);
  });

  test('what each migration did to objects and rows', () => {
    const step = result.migrations.find(({ name }) => name.includes('seed_static_sources'));
    expect(step?.changes).toEqual([]);
    expect(step?.rows.map(({ table, before }) => [table, before])).toContainEqual([
      'table public.static_sources',
      0,
    ]);
    expect(result.questions.map(({ topic }) => topic)).toEqual(
      expect.arrayContaining(['rows written', 'rows of live databases', 'no transaction']),
    );
  });
});

describe('who made what', () => {
  test('within one migration: builder, raw SQL, schema.raw, the driver, each by its own', async () => {
    const { registry, migrations } = await auditOf({
      'migrations/1.cjs': migration(`
        await knex.schema.createTable('built', (t) => { t.increments(); t.string('name').unique(); });
        await knex.raw('CREATE TABLE raw (id serial PRIMARY KEY, n int DEFAULT 7)');
        await knex.schema.createTable('built_too', (t) => { t.increments(); });
        await knex.schema.raw('CREATE VIEW by_schema_raw AS SELECT * FROM built');
        await knex('built').insert({ name: 'one' });
        const session = await knex.client.acquireConnection();
        await session.query('CREATE VIEW by_driver AS SELECT * FROM built_too');
        await new Promise((ok, no) => session.query('CREATE VIEW by_callback AS SELECT 1 AS a', (e) => (e ? no(e) : ok())));
        await knex.client.releaseConnection(session);`),
    });
    expect(registry.filter(({ partOf }) => partOf === null).map(({ id, by }) => [id, by])).toEqual([
      ['sequence public.raw_id_seq', 'raw SQL'],
      ['table public.raw', 'raw SQL'],
      ['view public.by_callback', 'driver'],
      ['view public.by_driver', 'driver'],
      ['view public.by_schema_raw', 'raw SQL'],
    ]);
    expect(registry.find(({ id }) => id === 'constraint raw_pkey ON public.raw')?.partOf).toBe(
      'table public.raw',
    );
    expect(migrations[0]?.statements).toMatchObject({ 'raw SQL': 2, 'query builder': 1, driver: 2 });
    expect(migrations[0]?.rows).toEqual([{ table: 'table public.built', before: 0, after: 1, written: 1 }]);
  });

  test('dropped and made anew by another, renamed, altered by hand, with and without a transaction', async () => {
    const { registry, migrations } = await auditOf({
      'migrations/1.cjs': createsTable('a'),
      'migrations/2.cjs': createsTable('b'),
      'migrations/3.cjs': migration(
        `await knex.schema.dropTable('a');
         await knex.raw('CREATE TABLE a (id int)');
         await knex.schema.renameTable('b', 'c');
         await knex.raw('CREATE TABLE gone (id int)');
         await knex.raw('DROP TABLE gone');
         await knex.raw('ALTER TABLE c ADD x int');`,
        'exports.config = { transaction: false };',
      ),
      'migrations/4.cjs': migration(`await knex.raw('DROP TABLE a; CREATE TABLE a (id int)');`),
    });
    const ofTables = (at: number) =>
      migrations[at]?.changes
        .filter(({ kind }) => kind === 'table')
        .map(({ id, event, by, from }) => [id, event, by.join(), from ?? null]);
    expect(ofTables(2)).toEqual([
      ['table public.a', 'recreated', 'raw SQL', null],
      ['table public.c', 'renamed', 'schema builder,raw SQL', 'table public.b'],
    ]);
    // The same text twice, and another object all the same.
    expect(ofTables(3)).toEqual([['table public.a', 'recreated', 'raw SQL', null]]);
    expect(registry.map(({ id, migration: made }) => [id, made])).toEqual([['table public.a', '4.cjs']]);
    expect(registry[0]?.events.map(({ event }) => event)).toEqual(['created', 'recreated', 'recreated']);
  });

  test('a settings.searchPath set by a migration, and its failing statements, stay as they were', async () => {
    const { objects } = await auditOf({
      'migrations/1.cjs': migration(`
        await knex.raw('CREATE SCHEMA inside');
        await knex.raw('SET LOCAL search_path = inside');
        await knex.schema.createTable('t', (t) => { t.increments(); });
        await knex.raw('CREATE TABLE u (id int)');
        await knex.transaction((trx) => trx.raw('SELECT 1/0')).catch(() => {});
        await knex.schema.createTable('v', (t) => { t.increments(); });`),
    });
    expect(objects.filter(({ kind }) => kind === 'table').map(({ id }) => id)).toEqual([
      'table inside.t',
      'table inside.u',
      'table inside.v',
    ]);
  });
});

describe('what a squash has to ask about', () => {
  const topics = (text: string, name = '1.ts') =>
    readCode(name, text).map(({ topic, line, text: found }) => [topic, line, found]);

  test('in the code, by its syntax and not by its words', () => {
    expect(
      topics(`import type { Knex } from 'knex';
import { readFileSync } from 'node:fs';
import { rates } from '../src/rates';
// process.env, fetch('x'), Math.random()
const text = "process.env.SECRET fetch('x')";
export const config = { transaction: false };
export async function up(knex: Knex): Promise<void> {
  const url = process.env.API_URL as string;
  const at = Date.now() + new Date().getTime() + new Date(2020, 1).getTime();
  await fetch(url!);
  const { v4 } = await import('uuid');
  await knex('t').insert({ id: crypto.randomUUID(), other: Math.random() });
}`),
    ).toEqual([
      ['network or files', 2, "import { readFileSync } from 'node:fs';"],
      ['code elsewhere', 3, "import { rates } from '../src/rates';"],
      ['no transaction', 6, 'transaction: false'],
      ['environment', 8, 'process.env'],
      ['time', 9, 'Date.now()'],
      ['time', 9, 'new Date()'],
      ['network or files', 10, 'fetch(url!)'],
      ['randomness', 11, "import('uuid')"],
      ['randomness', 12, 'crypto.randomUUID()'],
      ['randomness', 12, 'Math.random()'],
    ]);
    expect(
      topics(`const fs = require('fs'); exports.up = (knex) => knex.raw(process['env']['X']);`, '1.js'),
    ).toEqual([
      ['network or files', 1, "require('fs')"],
      ['environment', 1, "process['env']"],
    ]);
    expect(topics('export async function up( {', '1.js')).toMatchObject([
      ['unreadable', null, expect.any(String)],
    ]);
  });

  test.each([
    ['UPDATE t SET a = 1', ['rows written', 'rows of live databases']],
    ['DELETE FROM t', ['rows written', 'rows of live databases']],
    ['INSERT INTO t VALUES (1)', ['rows written']],
    ['INSERT INTO t SELECT a FROM u', ['rows written', 'rows of live databases']],
    ['INSERT INTO t VALUES (gen_random_uuid(), now())', ['rows written', 'randomness', 'time']],
    ['INSERT INTO t VALUES (current_timestamp)', ['rows written', 'time']],
    ["INSERT INTO t VALUES ('now() random()')", ['rows written']],
    ['CREATE TABLE t (a timestamptz DEFAULT now())', []],
    ['CREATE ROLE app; GRANT SELECT ON t TO app', ['roles']],
    ['CREATE EXTENSION pgcrypto', []],
    ['CREATE EXTENSION postgis', ['extension']],
    ["COPY t FROM '/tmp/x'", ['rows written', 'network or files']],
    ["SELECT * FROM dblink('x')", ['network or files']],
    ['update "odd name" set a = $1 where b = $2', ['rows written', 'rows of live databases']],
    ['SELEKT', ['unreadable']],
  ])('in %s', async (sql, expected) => {
    const found = (await readStatements('1.ts', [{ sql }])).map(({ topic }) => topic);
    expect([...found].sort()).toEqual([...expected].sort());
  });

  test('in a text that was put together while it ran', async () => {
    const { questions } = await auditOf({
      'migrations/1.cjs': migration(
        `await knex.raw('CREATE TABLE t (a int)'); await knex.raw(['DEL', 'ETE FROM t'].join(''));`,
      ),
    });
    expect(questions.map(({ topic, text }) => [topic, text])).toContainEqual([
      'rows of live databases',
      'DELETE FROM t',
    ]);
  });
});

describe('REGISTRY.md', () => {
  test('check exits with 2 for a new kind of thing, with "objects" for any object, and writes nothing', async () => {
    await withDatabase((database) =>
      withProject(
        {
          'migrations/1.cjs': migration(
            `await knex.raw('CREATE TABLE t (a int); CREATE VIEW v AS SELECT * FROM t');`,
          ),
        },
        async (root) => {
          const project = { root, database };
          const missing = await runCli(['audit', '--check'], project);
          expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('REGISTRY_MISSING')]);
          expect((await runCli(['audit'], project)).code).toBe(0);
          const registry = await readFile(join(root, 'REGISTRY.md'), 'utf8');
          expect((await runCli(['audit', '--check', 'objects'], project)).code).toBe(0);
          await writeIn(
            root,
            'migrations/2.cjs',
            migration(`await knex.raw('CREATE VIEW w AS SELECT * FROM v');`),
          );
          expect((await runCli(['audit', '--check'], project)).code).toBe(0);
          const objects = await runCli(['audit', '--check', 'objects'], project);
          expect([objects.code, objects.stdout]).toEqual([2, expect.stringContaining('new view public.w')]);
          await writeIn(
            root,
            'migrations/3.cjs',
            migration(
              `await knex.raw('CREATE MATERIALIZED VIEW m AS SELECT 1 AS a'); await knex.raw('DELETE FROM t');`,
            ),
          );
          const kinds = await runCli(['audit', '--check', '--json'], project);
          expect([kinds.code, JSON.parse(kinds.stdout)]).toMatchObject([
            2,
            {
              schemaVersion: 1,
              written: false,
              news: { kinds: ['materialized view'], topics: ['rows of live databases', 'rows written'] },
            },
          ]);
          expect(await readFile(join(root, 'REGISTRY.md'), 'utf8')).toBe(registry);
          await writeIn(root, 'REGISTRY.md', '# mine');
          expect((await runCli(['audit', '--check'], project)).code).toBe(1);
        },
      ),
    );
  }, 60_000);

  test('hostile names break neither its tables nor what a check reads', () => {
    const id = 'table public."a|b`c--> <script> <!-- \n x"';
    const entry = { id, kind: 'table', migration: '1.ts', by: 'raw SQL', partOf: null, events: [] } as const;
    const text = renderRegistry({ registry: [entry], views: [], questions: [] });
    expect(parseRegistry(text, 'REGISTRY.md').objects).toEqual([id]);
    expect(
      text
        .split('\n')
        .filter((line) => line.startsWith('| `'))
        .map((line) => line.match(/(?<!\\)\|/g)?.length),
    ).toEqual([5]);
  });
});
