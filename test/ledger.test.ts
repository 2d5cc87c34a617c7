import createKnex, { type Knex } from 'knex';
import type { Client, ClientConfig } from 'pg';
import { inSnapshot, withClient } from '../src/database/client.js';
import {
  deleteRows,
  ensureLedger,
  insertRow,
  ledgerTables,
  locateLedger,
  readLedger,
} from '../src/history/ledger.js';
import { pgDump, testServer, withDatabase } from './support/server.js';

const stock = { tableName: 'knex_migrations', schemaName: null };

async function withStockKnex<T>(
  connection: ClientConfig,
  migrations: Knex.MigratorConfig,
  fn: (knex: Knex) => Promise<T>,
): Promise<T> {
  const migrationSource = {
    getMigrations: async () => ['1_a', '2_b'],
    getMigrationName: (name: string) => name,
    getMigration: async () => ({ up: async () => {}, down: async () => {} }),
  };
  const knex = createKnex({
    client: 'pg',
    connection: { ...connection } as Knex.PgConnectionConfig,
    migrations: { ...migrations, migrationSource: migrationSource as Knex.MigrationSource<unknown> },
  });
  return fn(knex).finally(() => knex.destroy());
}

/** Runs `fn` with that many clients, all of them connected. */
async function withClients<T>(
  count: number,
  config: ClientConfig,
  fn: (clients: readonly Client[]) => Promise<T>,
): Promise<T> {
  if (count === 0) return fn([]);
  return withClient(config, (client) => withClients(count - 1, config, (others) => fn([client, ...others])));
}

test.each([
  stock,
  { tableName: 'Odd "name"', schemaName: null },
  { tableName: 'ledger', schemaName: 'Audit' },
])('what it creates is to pg_dump what stock Knex creates: %j', async (settings) => {
  const dumpAfter = async (create: (config: ClientConfig) => Promise<unknown>) =>
    withDatabase(async (config) => {
      await withClient(config, (client) => client.query('CREATE SCHEMA "Audit"'));
      await create(config);
      return pgDump(config, ['--inserts']);
    });
  const migrations = { ...settings, schemaName: settings.schemaName ?? undefined } as Knex.MigratorConfig;
  const expected = await dumpAfter((config) =>
    withStockKnex(config, migrations, (knex) => knex.migrate.currentVersion()),
  );
  const actual = await dumpAfter((config) => withClient(config, (client) => ensureLedger(client, settings)));
  expect(actual).toBe(expected);
  if (expected !== null) expect(expected).toContain('is_locked');
});

const halfMade = `CREATE TABLE knex_migrations (id serial PRIMARY KEY, name text, batch int, migration_time timestamptz);
CREATE TABLE knex_migrations_lock (index serial PRIMARY KEY, is_locked integer)`;

test.each([
  ['in an empty database', ''],
  ['where only the lock row is missing', halfMade],
])('many creators at once make one ledger and one lock row %s', async (_, before) => {
  for (let round = 0; round < 10; round++) {
    await withDatabase(async (config) => {
      await withClient(config, (client) => client.query(before));
      await withClients(8, config, (clients) =>
        Promise.all(clients.map((client) => ensureLedger(client, stock))),
      );
      const { rows } = await withClient(config, (client) =>
        client.query('SELECT * FROM knex_migrations_lock'),
      );
      expect(rows).toEqual([{ index: 1, is_locked: 0 }]);
    });
  }
});

test('a half-made ledger is completed: the lock table is there, its row is not', async () => {
  await withDatabase((config) =>
    withClient(config, async (client) => {
      await ensureLedger(client, stock);
      await client.query('DELETE FROM knex_migrations_lock; DROP TABLE knex_migrations');
      const { exists } = await ensureLedger(client, stock);
      expect(exists).toMatchObject({ ledger: true, lock: true, revision: false });
      expect((await client.query('SELECT is_locked FROM knex_migrations_lock')).rows).toEqual([
        { is_locked: 0 },
      ]);
    }),
  );
});

test('rows read by id, with times in UTC to the microsecond, whatever the session says', async () => {
  await withDatabase((config) =>
    withClient(config, async (client) => {
      expect(await readLedger(client, stock)).toBeNull();
      await ensureLedger(client, stock);
      expect(await readLedger(client, stock)).toEqual([]);
      await client.query(`SET TimeZone = 'Asia/Kolkata'; SET DateStyle = 'SQL, DMY';
        INSERT INTO knex_migrations VALUES (9, 'b', 2, '2026-01-02 03:04:05.000006+00'), (3, 'a', 1, NULL)`);
      expect(await readLedger(client, stock)).toEqual([
        { id: 3, name: 'a', batch: 1, migrationTime: null },
        { id: 9, name: 'b', batch: 2, migrationTime: '2026-01-02 03:04:05.000006+00' },
      ]);
    }),
  );
});

test('a row is inserted once and deleted by name', async () => {
  await withDatabase((config) =>
    withClient(config, async (client) => {
      const place = await ensureLedger(client, stock);
      await insertRow(client, place, { name: `it's "?" $1`, batch: 7 });
      await insertRow(client, place, { name: `it's "?" $1`, batch: 8 });
      const [row, ...others] = (await readLedger(client, stock)) ?? [];
      expect(others).toEqual([]);
      expect(row).toMatchObject({ id: 1, name: `it's "?" $1`, batch: 7 });
      expect(Math.abs(Date.now() - Date.parse(row?.migrationTime ?? ''))).toBeLessThan(60_000);
      expect(await deleteRows(client, place, [`it's "?" $1`, 'other'])).toBe(1);
      expect(await readLedger(client, stock)).toEqual([]);
    }),
  );
});

describe('the ledger is found where Knex has it', () => {
  const withSchemas = <T>(fn: (config: ClientConfig) => Promise<T>) =>
    withDatabase(async (config) => {
      await withClient(config, (client) => client.query('CREATE SCHEMA app; CREATE SCHEMA "Odd, one"'));
      return fn(config);
    });

  test.each([
    { schemaName: null, searchPath: null, expected: 'public' },
    { schemaName: null, searchPath: ['app', 'public'], expected: 'app' },
    { schemaName: null, searchPath: ['gone', '$user', 'Odd, one'], expected: 'Odd, one' },
    { schemaName: null, searchPath: ['$user', 'public'], expected: 'public' },
    { schemaName: null, searchPath: ['$user', 'public'], expected: String(testServer().user), own: true },
    { schemaName: 'app', searchPath: ['public'], expected: 'app' },
  ])('%j', async ({ schemaName, searchPath, expected, own }) => {
    await withSchemas(async (config) => {
      if (own)
        await withClient(config, (client) => client.query(`CREATE SCHEMA AUTHORIZATION "${expected}"`));
      await withStockKnex(
        searchPath === null ? config : { ...config },
        (schemaName === null ? {} : { schemaName }) as Knex.MigratorConfig,
        async (knex) => {
          if (searchPath !== null) Object.assign(knex.client, { searchPath });
          await knex.migrate.latest();
        },
      );
      const settings = { tableName: 'knex_migrations', schemaName, searchPath };
      await withClient(config, async (client) => {
        const inFence = () => inSnapshot(client, () => locateLedger(client, settings));
        for (const place of [await locateLedger(client, settings), await inFence()]) {
          expect(place).toMatchObject({ schema: expected, exists: { ledger: true, lock: true } });
        }
        const rows = await inSnapshot(client, () => readLedger(client, settings));
        expect(rows?.map(({ name }) => name)).toEqual(['1_a', '2_b']);
      });
    });
  });

  test("by the role's or the database's own search path, behind the fence too", async () => {
    await withSchemas(async (config) => {
      await withClient(config, (client) =>
        client.query(
          `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = nowhere, "Odd, one", public', current_database()); END $$`,
        ),
      );
      await withStockKnex(config, {}, (knex) => knex.migrate.latest());
      await withClient(config, async (client) => {
        expect((await locateLedger(client, stock)).schema).toBe('Odd, one');
        expect(await inSnapshot(client, () => readLedger(client, stock))).toHaveLength(2);
      });
    });
  });
});

test('the tables have names of one stem', () => {
  expect(ledgerTables({ tableName: 'm' })).toEqual({
    ledger: 'm',
    lock: 'm_lock',
    revision: 'm_revision',
    progress: 'm_progress',
    objects: 'm_objects',
    hashes: 'm_hashes',
  });
});
