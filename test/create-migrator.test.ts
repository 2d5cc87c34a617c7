import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { Umzug } from 'umzug';
import { withClient } from '../src/database/client.js';
import { up } from '../src/migrate.js';
import { createMigrator } from '../src/migrator.js';
import { writeObjects } from '../src/object-files.js';
import type { KeptObjects } from '../src/objects/keep.js';
import { resolveMigration } from '../src/resolve.js';
import { loadSettings } from '../src/settings/load.js';
import { status } from '../src/status.js';
import { compiled } from './support/compile.js';
import { urlOf } from './support/example.js';
import { createsTable, withProject, writeIn } from './support/project.js';
import { withDatabase } from './support/server.js';
import { ledgerOf, withStockKnex } from './support/squashed.js';

const settingsOf = (root: string, database: ClientConfig) =>
  loadSettings({ cwd: root, env: {}, flags: { url: urlOf(database) } });

const query = async (database: ClientConfig, sql: string) =>
  (await withClient(database, (client) => client.query(sql))).rows;

const onStage = (
  files: Record<string, string>,
  fn: (root: string, database: ClientConfig) => Promise<void>,
) => withProject(files, (root) => withDatabase((database) => fn(root, database)));

const logs = `exports.up = async (knex) => {
  await knex.raw('CREATE TABLE IF NOT EXISTS log (tx text)');
  await knex.raw('INSERT INTO log VALUES (txid_current()::text)');
}; exports.down = async () => {};`;

test('it is an Umzug: events, up to, pending, executed, down, its command line; a transaction for each', async () => {
  await onStage(
    { 'migrations/1.js': logs, 'migrations/2.js': logs, 'migrations/3.js': createsTable('c') },
    async (root, database) => {
      const migrator = createMigrator(await settingsOf(root, database));
      expect(migrator).toBeInstanceOf(Umzug);
      const events: string[] = [];
      for (const event of ['migrating', 'migrated', 'reverting', 'reverted'] as const) {
        migrator.on(event, ({ name }) => void events.push(`${event} ${name}`));
      }
      expect((await migrator.pending()).map(({ name }) => name)).toEqual(['1.js', '2.js', '3.js']);
      await migrator.up({ to: '2.js' });
      expect((await migrator.executed()).map(({ name }) => name)).toEqual(['1.js', '2.js']);
      expect(await ledgerOf(database)).toEqual(['1 1.js:1', '2 2.js:1']);
      expect(new Set((await query(database, 'SELECT tx FROM log')).map(({ tx }) => tx)).size).toBe(2);
      await migrator.down();
      expect(await migrator.runAsCLI(['up'])).toBe(true);
      expect((await migrator.rollback()).map(({ name }) => name)).toEqual(['3.js', '2.js']);
      expect(events.slice(0, 6)).toEqual([
        'migrating 1.js',
        'migrated 1.js',
        'migrating 2.js',
        'migrated 2.js',
        'reverting 2.js',
        'reverted 2.js',
      ]);
      // Nothing stays open.
      expect(
        await query(
          database,
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
        ),
      ).toEqual([]);
    },
  );
});

test('up makes views what their files say, dependants too, unless it is told where to end', async () => {
  const view = 'migrations/objects/public/view/gene_names.sql';
  const files = {
    'migrations/1.cjs': `exports.up = async (knex) => {
      await knex.raw('CREATE TABLE genes (id int, name text)');
      await knex.raw('CREATE VIEW gene_names AS SELECT name FROM genes');
      await knex.raw('CREATE VIEW lengths AS SELECT length(name) AS n FROM gene_names');
    }; exports.down = async () => {};`,
  };
  await onStage(files, async (root, database) => {
    const settings = await settingsOf(root, database);
    const kept: KeptObjects[] = [];
    const migrator = createMigrator(settings, {
      pruneObjects: true,
      onObjects: (each) => void kept.push(each),
    });
    await migrator.up();
    await writeObjects(settings);
    const columns = async () =>
      (
        await query(
          database,
          `SELECT string_agg(attname, ' ') AS names FROM pg_attribute WHERE attrelid = 'gene_names'::regclass`,
        )
      )[0]?.names;
    await writeIn(root, view, 'CREATE VIEW public.gene_names AS SELECT id, name, symbol FROM public.genes;');
    await writeIn(
      root,
      'migrations/2.cjs',
      `exports.up = (knex) => knex.raw('ALTER TABLE genes ADD symbol text'); exports.down = async () => {};`,
    );
    await migrator.up({ to: '2.cjs' });
    expect([await columns(), kept.length]).toEqual(['name', 1]);
    expect(await migrator.up()).toEqual([]);
    expect([await columns(), kept.at(-1)]).toMatchObject([
      'id name symbol',
      { changed: ['view public.gene_names'], rebuilt: ['view public.lengths'] },
    ]);
    await rm(join(root, 'migrations/objects/public/view/lengths.sql'));
    expect(await migrator.runAsCLI(['up'])).toBe(true);
    expect(kept.at(-1)).toMatchObject({ changed: [], dropped: ['view public.lengths'] });
    expect(await query(database, `SELECT to_regclass('lengths') AS found`)).toEqual([{ found: null }]);
    await writeIn(root, view, 'CREATE VIEW public.gene_names AS SELECT nothing FROM public.genes;');
    await expect(migrator.up()).rejects.toMatchObject({ code: 'OBJECT_FILE_INVALID' });
    expect(await columns()).toBe('id name symbol');
  });
});

test('two at once run each migration once, and stock Knex may come in between', async () => {
  const files = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`migrations/${n}.js`, createsTable(`t${n}`)]));
  await onStage(files, async (root, database) => {
    const settings = await settingsOf(root, database);
    for (let round = 0; round < 3; round++) {
      const ran = await Promise.all([
        createMigrator(settings).up(),
        createMigrator(settings).up(),
        withStockKnex(database, join(root, 'migrations'), async (knex) => {
          await sleep(Math.random() * 100);
          const [, done] = await knex.migrate.latest();
          return done.map((name: string) => ({ name }));
        }).catch((error: Error) => {
          // That two create Knex's tables at once is its own fault.
          if (!/already exists|duplicate key/.test(error.message)) throw error;
          return [];
        }),
      ]);
      expect(
        ran
          .flat()
          .map(({ name }) => name)
          .sort(),
      ).toEqual(['1.js', '2.js', '3.js', '4.js', '5.js']);
      expect((await ledgerOf(database)).map((row) => row.replace(/^\d+ |:\d+$/g, ''))).toEqual([
        '1.js',
        '2.js',
        '3.js',
        '4.js',
        '5.js',
      ]);
      await createMigrator(settings).down({ to: 0 });
    }
  });
});

describe('a migration without a transaction that breaks off', () => {
  const files = (sql: string) => ({
    'migrations/1.js': createsTable('a'),
    'migrations/2.js': `exports.config = { transaction: false };
exports.up = async (knex) => { await knex.raw('CREATE TABLE half ()'); ${sql} };
exports.down = (knex) => knex.raw('DROP TABLE half');`,
    'migrations/3.js': createsTable('c'),
  });

  /** A process that runs `up`, killed as soon as the migration has begun. */
  async function killed(root: string, database: ClientConfig): Promise<void> {
    const { JEST_WORKER_ID: _, ...env } = process.env;
    const child = spawn(process.execPath, [compiled('src/cli/main.ts'), 'up'], {
      cwd: root,
      env: { ...env, NODE_OPTIONS: '', DATABASE_URL: urlOf(database) },
      stdio: 'ignore',
    });
    const ended = once(child, 'close');
    for (;;) {
      const rows = await query(database, `SELECT to_regclass('half') IS NOT NULL AS begun`);
      if (rows[0]?.begun === true) break;
      await sleep(20);
    }
    child.kill('SIGKILL');
    await ended;
  }

  test('is seen, explained, and resolved by either answer; its statement is not left behind', async () => {
    for (const as of ['applied', 'rolled back'] as const) {
      await onStage(files(`await knex.raw("SELECT pg_sleep(1000)")`), async (root, database) => {
        const settings = await settingsOf(root, database);
        await killed(root, database);
        const killedAt = performance.now();
        // Until the server has noticed that the client is gone the run counts as alive.
        while ((await status(settings)).state.kind !== 'interrupted') await sleep(50);
        expect(performance.now() - killedAt).toBeLessThan(5_000);
        expect(
          await query(
            database,
            `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query ~ 'pg_sleep' AND pid <> pg_backend_pid()`,
          ),
        ).toEqual([]);
        expect((await status(settings)).next).toContain('resolve --applied|--rolled-back "2.js"');
        await expect(up(settings)).rejects.toMatchObject({
          code: 'MIGRATION_INTERRUPTED',
          message: expect.stringContaining('"2.js"'),
        });
        await expect(
          withStockKnex(database, join(root, 'migrations'), (knex) => knex.migrate.latest()),
        ).rejects.toMatchObject({ name: 'MigrationLocked' });
        await expect(resolveMigration(settings, { name: '3.js', as })).rejects.toMatchObject({
          code: 'LEDGER_MISMATCH',
        });
        await resolveMigration(settings, { name: '2.js', as });
        await writeIn(
          root,
          'migrations/2.js',
          files('')['migrations/2.js'].replace('CREATE TABLE half', 'CREATE TABLE IF NOT EXISTS half'),
        );
        const { ran } = await up(settings);
        expect(ran).toEqual(as === 'applied' ? ['3.js'] : ['2.js', '3.js']);
        expect((await ledgerOf(database)).map((row) => row.split(' ')[1]?.split(':')[0])).toEqual([
          '1.js',
          '2.js',
          '3.js',
        ]);
        expect(await query(database, 'SELECT state FROM knex_migrations_progress ORDER BY id')).toEqual(
          as === 'applied' ? [{ state: as }] : [{ state: as }, { state: 'done' }],
        );
      });
    }
  });

  test('one that throws may be tried again at once', async () => {
    await onStage(files(`throw new Error('on purpose');`), async (root, database) => {
      const settings = await settingsOf(root, database);
      await expect(up(settings)).rejects.toMatchObject({ code: 'MIGRATION_FAILED' });
      expect(await ledgerOf(database)).toEqual(['1 1.js:1']);
      await query(database, 'DROP TABLE half');
      await writeIn(root, 'migrations/2.js', files('')['migrations/2.js']);
      expect((await up(settings)).ran).toEqual(['2.js', '3.js']);
      expect(await query(database, 'SELECT state FROM knex_migrations_progress ORDER BY id')).toEqual([
        { state: 'failed' },
        { state: 'done' },
      ]);
    });
  });

  test('while it runs others wait for it, and none resolves it', async () => {
    await onStage(files(`await knex.raw("SELECT pg_sleep(0.5)");`), async (root, database) => {
      const settings = await settingsOf(root, database);
      const first = up(settings);
      while ((await query(database, `SELECT to_regclass('half') IS NOT NULL AS begun`))[0]?.begun !== true)
        await sleep(10);
      await expect(resolveMigration(settings, { name: '2.js', as: 'applied' })).rejects.toMatchObject({
        code: 'LOCK_TIMEOUT',
      });
      const second = await up(settings);
      expect([...(await first).ran, ...second.ran].sort()).toEqual(['1.js', '2.js', '3.js']);
    });
  });
});
