import createKnex, { type Knex } from 'knex';
import type { ClientConfig } from 'pg';
import { withClient } from '../src/database/client.js';
import { withKnex } from '../src/history/connect.js';
import { listHistory } from '../src/history/files.js';
import { readLedger } from '../src/history/ledger.js';
import { type Migrator, type MigratorOptions, openMigrator } from '../src/history/migrator.js';
import type { MigrationSettings } from '../src/settings/settings.js';
import { runChild } from './support/child.js';
import { createsTable, migrationSettings, withProject, writeIn } from './support/project.js';
import { withDatabase } from './support/server.js';

interface Stage {
  readonly root: string;
  readonly config: ClientConfig;
  readonly settings: MigrationSettings;
  /** Runs `fn` with our migrator on the database. */
  ours<T>(fn: (migrator: Migrator, knex: Knex) => Promise<T>, options?: Partial<MigratorOptions>): Promise<T>;
  /** Runs `fn` with stock Knex on the same database and folder. */
  stock<T>(fn: (knex: Knex) => Promise<T>): Promise<T>;
  /** `name:batch` of each ledger row by id. */
  ledger(): Promise<readonly string[]>;
  tables(): Promise<readonly string[]>;
  query(sql: string): Promise<Record<string, unknown>[]>;
}

const silent = { warn() {}, error() {}, debug() {}, deprecate() {} };

async function onStage(
  files: Readonly<Record<string, string>>,
  fn: (stage: Stage) => Promise<unknown>,
  changes: Partial<MigrationSettings> = {},
): Promise<void> {
  await withProject(files, (root) =>
    withDatabase(async (config) => {
      const settings = migrationSettings(root, changes);
      const query = (sql: string) => withClient(config, async (client) => (await client.query(sql)).rows);
      await fn({
        root,
        config,
        settings,
        query,
        ours: (use, options) =>
          withKnex(config, { knexConfig: {}, searchPath: null }, (knex) =>
            use(openMigrator({ knex, settings, ...options }), knex),
          ),
        stock: async (use) => {
          const knex = createKnex({
            client: 'pg',
            connection: { ...config } as Knex.PgConnectionConfig,
            log: silent,
            migrations: {
              directory: [...settings.directories],
              disableTransactions: settings.disableTransactions,
            },
          });
          return use(knex).finally(() => knex.destroy());
        },
        ledger: async () => {
          const rows = await withClient(config, (client) => readLedger(client, settings));
          return (rows ?? []).map(({ name, batch }) => `${name}:${batch}`);
        },
        tables: async () => {
          const rows = await query(
            `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^knex_' ORDER BY 1`,
          );
          return rows.map(({ tablename }) => String(tablename));
        },
      });
    }),
  );
}

const isLocked = async (stage: Stage) =>
  (await stage.query('SELECT is_locked FROM knex_migrations_lock'))[0]?.is_locked;

/** Writes which transaction it runs in, so that migrations of one transaction can be told from others. */
const logsTransaction = (config = '') => `exports.up = async (knex) => {
  await knex.raw('CREATE TABLE IF NOT EXISTS log (tx text)');
  await knex.raw('INSERT INTO log VALUES (txid_current()::text)');
};
exports.down = exports.up;
${config}`;

const withoutTransaction = 'exports.config = { transaction: false };';

const fails = `exports.up = async (knex) => { await knex.schema.createTable('half', () => {}); throw new Error('on purpose'); };
exports.down = async () => {};`;

describe('ours and stock Knex take turns', () => {
  const files = {
    'migrations/1.js': createsTable('a'),
    'migrations/2.js': createsTable('b'),
    'migrations/3.js': createsTable('c'),
  };

  test('up after up, each with its own batch', async () => {
    await onStage(files, async (stage) => {
      await stage.stock((knex) => knex.migrate.up());
      await stage.ours((migrator) => migrator.up({ step: 1 }));
      await writeIn(stage.root, 'migrations/4.js', createsTable('d'));
      await stage.stock((knex) => knex.migrate.latest());
      await writeIn(stage.root, 'migrations/5.js', createsTable('e'));
      await writeIn(stage.root, 'migrations/6.js', createsTable('f'));
      const done = await stage.ours((migrator) => migrator.up());
      expect(done.map(({ name }) => name)).toEqual(['5.js', '6.js']);
      expect(await stage.ledger()).toEqual(['1.js:1', '2.js:2', '3.js:3', '4.js:3', '5.js:4', '6.js:4']);
      expect(await stage.tables()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
      const [, pending] = await stage.stock((knex) => knex.migrate.list());
      expect(pending).toEqual([]);
    });
  });

  test("one rolls back what the other ran, and stock Knex's rollback and ours agree", async () => {
    for (const back of ['stock', 'ours'] as const) {
      await onStage(files, async (stage) => {
        await stage.stock((knex) => knex.migrate.up());
        if (back === 'stock') await stage.ours((migrator) => migrator.up());
        else await stage.stock((knex) => knex.migrate.latest());
        await (back === 'stock'
          ? stage.stock((knex) => knex.migrate.rollback())
          : stage.ours((migrator) => migrator.rollback()));
        expect(await stage.ledger()).toEqual(['1.js:1']);
        expect(await stage.tables()).toEqual(['a']);
        expect(await isLocked(stage)).toBe(0);
      });
    }
  });

  test('racing each other, every migration runs once', async () => {
    await onStage(files, async (stage) => {
      for (let round = 0; round < 5; round++) {
        const contenders = [0, 1, 2, 3].map((n) =>
          n % 2 === 0
            ? stage.ours((migrator) => migrator.up())
            : stage.stock((knex) => knex.migrate.latest()),
        );
        // Of two stock Knex that both create the tables one dies: that is not ours to mend.
        const ended = await Promise.allSettled(contenders);
        expect([ended[0]?.status, ended[2]?.status]).toEqual(['fulfilled', 'fulfilled']);
        expect(await stage.tables()).toEqual(['a', 'b', 'c']);
        expect(await stage.ledger()).toEqual(['1.js:1', '2.js:1', '3.js:1']);
        await stage.ours((migrator) => migrator.rollback());
        expect(await stage.tables()).toEqual([]);
      }
    });
  });
});

describe('transactions', () => {
  test('a command is one, its failure leaves nothing', async () => {
    await onStage(
      { 'migrations/1.js': logsTransaction(), 'migrations/2.js': logsTransaction() },
      async (stage) => {
        await stage.ours((migrator) => migrator.up());
        expect(new Set((await stage.query('SELECT tx FROM log')).map(({ tx }) => tx)).size).toBe(1);
        await writeIn(stage.root, 'migrations/3.js', createsTable('fine'));
        await writeIn(stage.root, 'migrations/4.js', fails);
        await expect(stage.ours((migrator) => migrator.up())).rejects.toMatchObject({
          name: 'MigrationError',
          cause: { message: 'on purpose' },
        });
        expect(await stage.ledger()).toEqual(['1.js:1', '2.js:1']);
        expect(await stage.tables()).toEqual(['log']);
        expect(await isLocked(stage)).toBe(0);
      },
    );
  });

  test('a migration without one ends the sharing, and its row follows it', async () => {
    const files = {
      'migrations/1.js': logsTransaction(),
      'migrations/2.js': logsTransaction(),
      'migrations/3.js': `exports.up = async (knex) => {
  await knex.raw('INSERT INTO log VALUES (txid_current()::text)');
  await knex.raw('CREATE INDEX CONCURRENTLY log_tx ON log (tx)');
};
exports.down = (knex) => knex.raw('DROP INDEX CONCURRENTLY log_tx');
${withoutTransaction}`,
      'migrations/4.js': fails,
    };
    await onStage(files, async (stage) => {
      await expect(stage.ours((migrator) => migrator.up())).rejects.toThrow('on purpose');
      expect(await stage.ledger()).toEqual(['1.js:1', '2.js:1', '3.js:1']);
      expect(new Set((await stage.query('SELECT tx FROM log')).map(({ tx }) => tx)).size).toBe(3);
      expect(await stage.tables()).toEqual(['log']);
      expect(await isLocked(stage)).toBe(0);
      await writeIn(stage.root, 'migrations/4.js', logsTransaction());
      await stage.ours((migrator) => migrator.rollback());
      expect(await stage.ledger()).toEqual([]);
    });
  });

  test('one that is not run does not end the sharing', async () => {
    const files = {
      'migrations/1.js': logsTransaction(),
      'migrations/2.js': logsTransaction(),
      'migrations/3.js': logsTransaction(withoutTransaction),
    };
    await onStage(files, async (stage) => {
      await stage.ours((migrator) => migrator.up({ to: '2.js' }));
      expect(new Set((await stage.query('SELECT tx FROM log')).map(({ tx }) => tx)).size).toBe(1);
    });
  });

  test.each([
    ['disableTransactions', '', { disableTransactions: true }, 2],
    [
      'a migration that wants one all the same',
      'exports.config = { transaction: true };',
      { disableTransactions: true },
      1,
    ],
  ])('%s', async (_, config, changes, expected) => {
    const text = `exports.up = async (knex) => {
  await knex.raw('CREATE TABLE IF NOT EXISTS log (tx text)');
  for (const _ of [1, 2]) await knex.raw('INSERT INTO log VALUES (txid_current()::text)');
};
${config}`;
    await onStage(
      { 'migrations/1.js': text },
      async (stage) => {
        await stage.ours((migrator) => migrator.up());
        expect(new Set((await stage.query('SELECT tx FROM log')).map(({ tx }) => tx)).size).toBe(expected);
        expect(await stage.ledger()).toEqual(['1.js:1']);
      },
      changes,
    );
  });

  test('a killed session in a shared transaction leaves neither tables, rows nor the lock', async () => {
    const kills = `exports.up = (knex) => knex.raw('SELECT pg_terminate_backend(pg_backend_pid())');`;
    await onStage({ 'migrations/1.js': createsTable('a'), 'migrations/2.js': kills }, async (stage) => {
      await expect(stage.ours((migrator) => migrator.up())).rejects.toThrow('terminating connection');
      expect([await stage.tables(), await stage.ledger(), await isLocked(stage)]).toEqual([[], [], 0]);
    });
  });

  test('a migration and its row commit together when each has its own', async () => {
    await onStage({ 'migrations/1.js': createsTable('a'), 'migrations/2.js': fails }, async (stage) => {
      await expect(stage.ours((migrator) => migrator.up(), { transaction: 'each' })).rejects.toThrow(
        'on purpose',
      );
      expect(await stage.ledger()).toEqual(['1.js:1']);
      expect(await stage.tables()).toEqual(['a']);
      // The row can't be written: the migration must not stay.
      await writeIn(
        stage.root,
        'migrations/2.js',
        `exports.up = async (knex) => {
        await knex.schema.createTable('b', () => {});
        await knex.raw('ALTER TABLE knex_migrations ADD CONSTRAINT no_more CHECK (id < 2)');
      }`,
      );
      await expect(stage.ours((migrator) => migrator.up(), { transaction: 'each' })).rejects.toThrow(
        'no_more',
      );
      expect(await stage.tables()).toEqual(['a']);
    });
  });

  test('a migration may go back in its transaction, and has no other ledger than its own', async () => {
    const text = `exports.up = async (knex) => {
  await knex.transaction(async (inner) => { await inner.schema.createTable('gone', () => {}); throw new Error('inner'); }).catch(() => {});
  await knex.schema.createTable('kept', () => {});
};`;
    await onStage({ 'migrations/1.js': text }, async (stage) => {
      await stage.ours((migrator) => migrator.up());
      expect(await stage.tables()).toEqual(['kept']);
    });
  });
});

test.each([
  ['in a shared transaction', ''],
  ['without a transaction', withoutTransaction],
])('the statement of a killed process ends within 5 s and does not commit, %s', async (_, config) => {
  const files = {
    'migrations/1.js': `exports.up = (knex) => knex.raw('CREATE TABLE t (i int)');`,
    'migrations/2.js': `exports.up = (knex) => knex.raw('INSERT INTO t SELECT 1 FROM pg_sleep(20)');\n${config}`,
  };
  await onStage(files, async (stage) => {
    await stage.ours((migrator) => migrator.up({ to: '1.js' }));
    const { signal, stderr } = await runChild(
      `import { withKnex } from '#src/history/connect.js';
      import { openMigrator } from '#src/history/migrator.js';
      const [connection, settings] = process.argv.slice(-2).map((text) => JSON.parse(text));
      await withKnex(connection, { knexConfig: {}, searchPath: null }, (knex) => {
        const kill = () => process.kill(process.pid, 'SIGKILL');
        knex.on('query', ({ sql }) => sql.startsWith('INSERT INTO t') && setTimeout(kill, 500));
        return openMigrator({ knex, settings }).up();
      });`,
      { args: [JSON.stringify(stage.config), JSON.stringify(stage.settings)] },
    );
    const killedAt = performance.now();
    expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' });
    const running = () => stage.query(`SELECT FROM pg_stat_activity WHERE query LIKE 'INSERT INTO t%'`);
    expect(await running()).toHaveLength(1);
    while ((await running()).length > 0) {
      expect(performance.now() - killedAt).toBeLessThan(5_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await stage.query('SELECT * FROM t')).toEqual([]);
    expect(await stage.ledger()).toEqual(['1.js:1']);
    expect(await isLocked(stage)).toBe(config === '' ? 0 : 1);
  });
});

test.each(['commit', 'rollback'] as const)(
  'a migration that ends its transaction by %s is no success',
  async (end) => {
    const text = `exports.up = async (knex) => { await knex.schema.createTable('x', () => {}); await knex.${end}(); };`;
    for (const transaction of ['run', 'each'] as const) {
      await onStage({ 'migrations/1.js': text }, async (stage) => {
        await expect(stage.ours((migrator) => migrator.up(), { transaction })).rejects.toThrow('from within');
        expect(await stage.ledger()).toEqual([]);
      });
    }
  },
);

test('a migration that sends a COMMIT and fails leaves no lock', async () => {
  const text = `exports.up = async (knex) => { await knex.raw('COMMIT'); throw new Error('on purpose'); };`;
  await onStage({ 'migrations/1.js': text }, async (stage) => {
    await expect(stage.ours((migrator) => migrator.up())).rejects.toThrow('on purpose');
    expect(await isLocked(stage)).toBe(0);
  });
});

describe('order', () => {
  test('executed() and rollback follow the ledger, pending() follows the files', async () => {
    await onStage(
      { 'migrations/1.js': createsTable('a'), 'migrations/3.js': createsTable('c') },
      async (stage) => {
        await stage.ours((migrator) => migrator.up());
        await writeIn(stage.root, 'migrations/2.js', createsTable('b'));
        await writeIn(stage.root, 'migrations/5.js', createsTable('e'));
        await writeIn(stage.root, 'migrations/4.js', createsTable('d'));
        await stage.ours(async (migrator) => {
          expect((await migrator.pending()).map(({ name }) => name)).toEqual(['2.js', '4.js', '5.js']);
          await migrator.up({ to: '4.js' });
          expect((await migrator.executed()).map(({ name }) => name)).toEqual([
            '1.js',
            '3.js',
            '2.js',
            '4.js',
          ]);
          expect((await migrator.rollback()).map(({ name }) => name)).toEqual(['4.js', '2.js']);
          expect((await migrator.down()).map(({ name }) => name)).toEqual(['3.js']);
          expect((await migrator.down({ to: 0 })).map(({ name }) => name)).toEqual(['1.js']);
          expect(await migrator.rollback()).toEqual([]);
        });
        expect(await stage.tables()).toEqual([]);
      },
    );
  });

  test("the events are Umzug's own", async () => {
    await onStage({ 'migrations/1.js': createsTable('a') }, async (stage) => {
      const events: string[] = [];
      await stage.ours(async (migrator) => {
        for (const event of ['migrating', 'migrated', 'reverting', 'reverted'] as const) {
          migrator.on(event, ({ name }) => void events.push(`${event} ${name}`));
        }
        await migrator.up();
        await migrator.down();
      });
      expect(events).toEqual(['migrating 1.js', 'migrated 1.js', 'reverting 1.js', 'reverted 1.js']);
    });
  });
});

test('those who wait for the lock never hold up a CREATE INDEX CONCURRENTLY', async () => {
  await onStage({ 'migrations/1.js': createsTable('a') }, async (stage) => {
    await stage.stock((knex) => knex.migrate.list());
    await stage.query('CREATE TABLE t AS SELECT 1 AS i');
    await withClient(stage.config, async (holder) => {
      await holder.query('BEGIN; UPDATE knex_migrations_lock SET is_locked = 1');
      const waiters = [0, 1, 2].map(() => stage.ours((migrator) => migrator.up()));
      await new Promise((resolve) => setTimeout(resolve, 300));
      await withClient(stage.config, async (builder) => {
        await builder.query(`SET statement_timeout = '5s'`);
        await builder.query('CREATE INDEX CONCURRENTLY ON t (i)');
      });
      await holder.query('ROLLBACK');
      await Promise.all(waiters);
    });
    expect(await stage.ledger()).toEqual(['1.js:1']);
  });
});

describe('refusals', () => {
  test('a ghost in the ledger stops up, down and rollback before anything runs', async () => {
    await onStage({ 'migrations/1.js': createsTable('a') }, async (stage) => {
      await stage.ours((migrator) => migrator.up());
      await stage.query(`INSERT INTO knex_migrations (name, batch) VALUES ('ghost.js', 2), ('other.js', 2)`);
      await writeIn(stage.root, 'migrations/2.js', createsTable('b'));
      for (const command of ['up', 'down', 'rollback'] as const) {
        await expect(stage.ours((migrator) => migrator[command]())).rejects.toMatchObject({
          code: 'LEDGER_MISMATCH',
          message: expect.stringContaining('"ghost.js", "other.js"'),
          hint: expect.stringContaining('knex-squash adopt'),
        });
      }
      expect(await stage.tables()).toEqual(['a']);
      await stage.ours(async (migrator) => {
        expect((await migrator.pending()).map(({ name }) => name)).toEqual(['2.js']);
      });
    });
  });

  test('a stuck lock is refused at once, with the command that frees it', async () => {
    await onStage({ 'migrations/1.js': createsTable('a') }, async (stage) => {
      await stage.stock((knex) => knex.migrate.list());
      await stage.query('UPDATE knex_migrations_lock SET is_locked = 1');
      const started = performance.now();
      for (const transaction of ['run', 'each'] as const) {
        await expect(stage.ours((migrator) => migrator.up(), { transaction })).rejects.toMatchObject({
          code: 'LOCK_TIMEOUT',
          message: expect.stringContaining('already locked'),
          hint: expect.stringContaining('knex migrate:unlock'),
        });
      }
      expect(performance.now() - started).toBeLessThan(5_000);
      expect(await isLocked(stage)).toBe(1);
      await stage.stock((knex) => knex.migrate.forceFreeMigrationsLock());
      await stage.ours((migrator) => migrator.up());
      expect(await stage.tables()).toEqual(['a']);
    });
  });

  test('a lock that another transaction holds is waited for, up to the deadline', async () => {
    await onStage({ 'migrations/1.js': createsTable('a') }, async (stage) => {
      await stage.stock((knex) => knex.migrate.list());
      await withClient(stage.config, async (holder) => {
        await holder.query('BEGIN; UPDATE knex_migrations_lock SET is_locked = 1');
        await expect(stage.ours((migrator) => migrator.up(), { lockTimeout: 200 })).rejects.toMatchObject({
          code: 'LOCK_TIMEOUT',
          message: expect.stringContaining('after 0.2 s'),
        });
        const waiting = stage.ours((migrator) => migrator.up());
        await holder.query('UPDATE knex_migrations_lock SET is_locked = 0; COMMIT');
        expect((await waiting).map(({ name }) => name)).toEqual(['1.js']);
      });
    });
  });

  test('ours keeps stock Knex out while it runs, in a shared transaction and in one of each', async () => {
    for (const transaction of ['run', 'each'] as const) {
      await onStage({ 'migrations/1.js': createsTable('a') }, async (stage) => {
        const seen: unknown[] = [];
        const [migration] = await listHistory(stage.settings);
        const slow = {
          ...migration,
          load: async () => ({
            up: async () => {
              const contender = stage.stock((knex) => knex.migrate.latest());
              const outcome = contender.then(
                ([, names]) => names,
                (error: Error) => error.name,
              );
              const early = new Promise((resolve) => setTimeout(resolve, 700, 'waits'));
              seen.push(await Promise.race([outcome, early]), outcome);
            },
          }),
        } as NonNullable<typeof migration>;
        await stage.ours((migrator) => migrator.up(), { transaction, migrations: [slow] });
        expect([seen[0], await seen[1]]).toEqual(['waits', []]);
        expect(await stage.ledger()).toEqual(['1.js:1']);
      });
    }
  });

  test('a migration without down is named', async () => {
    await onStage({ 'migrations/1.js': 'exports.up = async () => {};' }, async (stage) => {
      await stage.ours((migrator) => migrator.up());
      await expect(stage.ours((migrator) => migrator.down())).rejects.toMatchObject({
        code: 'MIGRATION_INVALID',
        message: 'the migration "1.js" has no function `down`',
      });
      expect(await stage.ledger()).toEqual(['1.js:1']);
    });
  });
});

test("the user's wrapIdentifier reaches migrations and not the ledger", async () => {
  const text = `exports.up = (knex) => knex.schema.createTable('camelCase', (t) => t.increments('theId'));`;
  await onStage({ 'migrations/1.js': text }, async (stage) => {
    const wrapIdentifier = (value: string, wrap: (value: string) => string) =>
      wrap(`${value}_`.toUpperCase());
    await withKnex(stage.config, { knexConfig: { wrapIdentifier }, searchPath: null }, async (knex) => {
      await openMigrator({ knex, settings: stage.settings }).up();
    });
    expect(await stage.tables()).toEqual(['CAMELCASE_']);
    expect(await stage.ledger()).toEqual(['1.js:1']);
  });
});
