import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { compareCatalogs } from '../src/catalog/compare.js';
import { withClient } from '../src/database/client.js';
import { listHistory } from '../src/history/files.js';
import { down, up } from '../src/migrate.js';
import { restoreMigrations } from '../src/restore.js';
import { type Squashed, squash } from '../src/squash.js';
import { status } from '../src/status.js';
import { runCli } from './support/cli.js';
import { type Example, settingsOf, treeOf, withExample } from './support/example.js';
import { comparePgDumps } from './support/pg-dump.js';
import { withProject } from './support/project.js';
import { catalogOf, migrateByKnex } from './support/prove-case.js';
import { withDatabase } from './support/server.js';

const query = async (database: ClientConfig, sql: string): Promise<readonly Record<string, unknown>[]> =>
  (await withClient(database, (client) => client.query(sql))).rows;

async function squashed({ settings }: Example): Promise<Squashed> {
  const result = await squash(settings);
  if (result.kind !== 'squashed') throw new Error('there was nothing to squash');
  return result;
}

const latest = async ({ settings }: Example, database: ClientConfig): Promise<void> =>
  migrateByKnex(database, await listHistory(settings.migrations), (knex) => knex.migrate.latest());

describe('the example project', () => {
  test('becomes one baseline that is proved equal, and its 16 files lie in an archive', () =>
    withExample(async (example) => {
      const before = await treeOf(join(example.root, 'migrations'));
      const result = await squashed(example);
      expect(result.proof).toMatchObject({ equal: true, differences: [], tables: 9, rows: 40, sequences: 7 });
      expect(result.proof.objects).toBeGreaterThan(150);
      expect(result.replaces).toHaveLength(16);
      expect(await readdir(join(example.root, 'migrations'))).toEqual([
        `20240108093000_baseline_${result.revision}.ts`,
      ]);
      expect(await treeOf(join(example.root, String(result.archive), 'migrations'))).toEqual(before);
      const report = await readFile(join(example.root, String(result.archive), 'REPORT.md'), 'utf8');
      for (const { name } of [{ name: 'gene_ranking' }, { name: '20240206083000_seed_static_sources.ts' }]) {
        expect(report).toContain(name);
      }
    }));

  test('gives the same database by pg_dump, schema and data, whether stock Knex runs the 16 files or the baseline', () =>
    withExample((example) =>
      withDatabase(async (built) => {
        await latest(example, example.database);
        const { text } = await squashed(example);
        await latest(example, built);
        // What differs each time the history runs is compared apart from the rest.
        for (const database of [example.database, built]) await freezeVolatile(database, text);
        await comparePgDumps(example.database, built);
      }),
    ));

  test('gives the same bytes when it is squashed again', () =>
    withExample(async (example) => {
      const first = await squash(example.settings, { dryRun: true });
      const second = await squash(example.settings, { dryRun: true });
      expect(second).toMatchObject({ text: (first as Squashed).text, archive: null });
    }));

  test('is rolled back to an empty database, and built again', () =>
    withExample(async (example) => {
      await squashed(example);
      await up(example.settings);
      const full = await catalogOf(example.database);
      await down(example.settings, { all: true });
      await withDatabase(async (empty) => {
        expect(compareCatalogs(await catalogOf(empty), await catalogOf(example.database))).toEqual([]);
      });
      await up(example.settings);
      expect(compareCatalogs(full, await catalogOf(example.database))).toEqual([]);
    }));

  test.each([
    [
      'an added row',
      `INSERT INTO users (email, username, full_name) VALUES ('a@example.org', 'a', 'A')`,
      'public.users',
    ],
    ['a changed value', `UPDATE genes SET approved_name = 'another' WHERE id = 1`, 'public.genes'],
    ['a removed row', 'DELETE FROM gene_evidence WHERE id = 8', 'public.gene_evidence'],
  ])('is not dropped by a rollback where it holds %s', (_, change, table) =>
    withExample(async (example) => {
      await squashed(example);
      await up(example.settings);
      await query(example.database, change);
      const full = await catalogOf(example.database);
      await expect(down(example.settings, { all: true })).rejects.toMatchObject({
        message: expect.stringContaining(table),
      });
      expect(compareCatalogs(full, await catalogOf(example.database))).toEqual([]);
      expect((await status(example.settings)).state.kind).toBe('adopted');
    }),
  );

  test('is dropped with its rows where KNEX_SQUASH_DROP names the database', () =>
    withExample(async (example) => {
      await squashed(example);
      await up(example.settings);
      await query(example.database, 'DELETE FROM gene_evidence WHERE id = 8');
      const env = { KNEX_SQUASH_DROP: example.database.database };
      const { code, stdout } = await runCli(['down', '--all', '--json'], example, env);
      expect({ code, reverted: JSON.parse(stdout).reverted }).toMatchObject({
        code: 0,
        reverted: [expect.any(String)],
      });
    }));
});

describe('the configured database', () => {
  test('adopts the baseline when it ran all originals, and a rollback cannot drop it', () =>
    withExample(async (example) => {
      await latest(example, example.database);
      const before = await query(example.database, 'SELECT * FROM knex_migrations ORDER BY id');
      await query(
        example.database,
        `INSERT INTO users (email, username, full_name) VALUES ('a@example.org', 'a', 'A')`,
      );
      const { adoption, revision } = await squashed(example);
      expect(adoption).toMatchObject({ kind: 'adopted', rows: 16 });
      expect(await query(example.database, 'SELECT name, batch FROM knex_migrations')).toEqual([
        { name: `20240108093000_baseline_${revision}.ts`, batch: 1 },
      ]);
      await expect(
        migrateByKnex(example.database, await listHistory(example.settings.migrations), (knex) =>
          knex.migrate.rollback(undefined, true),
        ),
      ).rejects.toThrow('nothing is dropped');
      expect(await up(example.settings)).toMatchObject({ ran: [] });

      await restoreMigrations(example.settings);
      expect(await query(example.database, 'SELECT * FROM knex_migrations ORDER BY id')).toEqual(before);
    }));

  test('is left alone when it differs from what the migrations build, and the difference is named', () =>
    withExample(async (example) => {
      await latest(example, example.database);
      await query(example.database, 'ALTER TABLE genes ADD COLUMN by_hand text');
      const { adoption } = await squashed(example);
      expect(adoption).toMatchObject({ kind: 'drifted', differences: [{ id: 'table public.genes' }] });
      expect(await query(example.database, 'SELECT count(*)::int AS rows FROM knex_migrations')).toEqual([
        { rows: 16 },
      ]);
      await expect(up(example.settings)).rejects.toMatchObject({
        code: 'DATABASE_DRIFTED',
        message: expect.stringContaining('table public.genes'),
      });
    }));

  test('is not asked when it is empty: up builds it, and stock Knex finds nothing to do', () =>
    withExample(async (example) => {
      expect((await squashed(example)).adoption).toEqual({ kind: 'fresh' });
      expect((await up(example.settings)).ran).toHaveLength(1);
      const history = await listHistory(example.settings.migrations);
      await migrateByKnex(example.database, history, async (knex) => {
        expect(await knex.migrate.latest()).toEqual([expect.any(Number), []]);
      });
    }));

  test('refuses the baseline where it has objects and no ledger, and stays as it is', () =>
    withExample(async (example) => {
      await squashed(example);
      await query(example.database, 'CREATE TABLE stranger (id integer)');
      const history = await listHistory(example.settings.migrations);
      const run = migrateByKnex(example.database, history, (knex) => knex.migrate.latest());
      await expect(run).rejects.toThrow('table stranger');
      await expect(up(example.settings)).rejects.toMatchObject({ code: 'DATABASE_FOREIGN' });
    }));
});

/** Gives the volatile columns of the metadata one value on every database, so that dumps can be compared. */
async function freezeVolatile(database: ClientConfig, text: string): Promise<void> {
  const { volatile } = JSON.parse(/metadata \*\/ (\{[\s\S]*?\n\});/.exec(text)?.[1] ?? '{}') as {
    volatile: { table: string; column: string; ruling: string }[];
  };
  expect(volatile.length).toBeGreaterThan(0);
  await withClient(database, async (client) => {
    await client.query('SET session_replication_role = replica');
    for (const { table, column } of volatile) {
      const name = table.replace('table ', '');
      const { rows } = await client.query(
        `SELECT data_type FROM information_schema.columns WHERE table_schema || '.' || table_name = $1 AND column_name = $2`,
        [name, column],
      );
      const value = rows[0].data_type === 'uuid' ? await steadyKey(name, column) : `'2024-01-01 00:00:00+00'`;
      await client.query(`UPDATE ${name} SET ${column} = ${value} WHERE ${column} IS NOT NULL`);
    }
    await client.query('RESET session_replication_role');
    for (const view of ['gene_ranking']) await client.query(`REFRESH MATERIALIZED VIEW ${view}`);
  });

  /** Keys become a hash of what names their row; whatever refers to them follows by its own column. */
  async function steadyKey(table: string, column: string): Promise<string> {
    const names: Readonly<Record<string, string>> = {
      'public.users': 'username',
      'public.static_sources': 'source_key',
    };
    const own = names[table];
    return column === 'id' && own !== undefined
      ? `md5(${own})::uuid`
      : `'00000000-0000-0000-0000-000000000000'`;
  }
}

test('many rows lie in a file beside the baseline, as readable as that, and go with it', () =>
  withProject(
    {
      'migrations/1.cjs': `exports.up = (knex) => knex.raw("CREATE TABLE big (id int PRIMARY KEY, t text); INSERT INTO big SELECT n, 'row ' || n FROM generate_series(1, 1500) n"); exports.down = async () => {};`,
    },
    (root) =>
      withDatabase(async (database) => {
        const settings = await settingsOf(root, database);
        await squash(settings);
        const placed = (await readdir(join(root, 'migrations'))).sort();
        expect(placed).toEqual([
          expect.stringMatching(/^1_baseline_\w+\.cjs$/),
          expect.stringMatching(/^1_baseline_\w+\.public\.big\.copy\.gz$/),
        ]);
        const modes = await Promise.all(
          placed.map(async (name) => (await stat(join(root, 'migrations', name))).mode),
        );
        expect(modes[1]).toBe(modes[0]);
        await up(settings);
        const counted = 'SELECT count(*)::int, sum(id)::int, max(t) AS last FROM big';
        expect(await query(database, counted)).toEqual([{ count: 1500, sum: 1125750, last: 'row 999' }]);
        await restoreMigrations(settings);
        expect(await readdir(join(root, 'migrations'))).toEqual(['1.cjs']);
      }),
  ));
