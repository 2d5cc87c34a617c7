import type { Client, ClientConfig } from 'pg';
import { type Adoption, adoptBaseline } from '../src/adopt/stamp.js';
import { withClient } from '../src/database/client.js';
import { connectionUrl } from '../src/history/environment.js';
import { ensureLedger, insertRow, locateLedger, readLedger } from '../src/history/ledger.js';
import { readRevisions } from '../src/history/revision.js';
import { runChild } from './support/child.js';
import { withDatabase } from './support/server.js';

const settings = { tableName: 'knex_migrations', schemaName: null };

const adoption: Adoption = {
  name: '1_baseline_0123456789ab.js',
  revision: '0123456789ab',
  replaces: [{ name: '1.js' }, { name: '2.js' }, { name: '3.js' }],
  fingerprint: 'f'.repeat(64),
  toolVersion: '0.1.0',
};

/** A database whose ledger has the given rows, `name:batch`; ids count from 5. */
const withLedger = <T>(rows: string, fn: (client: Client, config: ClientConfig) => Promise<T>) =>
  withDatabase((config) =>
    withClient(config, async (client) => {
      const place = await ensureLedger(client, settings);
      await client.query(`ALTER SEQUENCE knex_migrations_id_seq RESTART 5`);
      for (const row of rows.split(' ').filter(Boolean)) {
        const [name = '', batch] = row.split(':');
        await insertRow(client, place, { name, batch: Number(batch) });
      }
      return fn(client, config);
    }),
  );

const ledger = async (client: Client) =>
  ((await readLedger(client, settings)) ?? []).map(({ id, name, batch }) => `${id} ${name}:${batch}`);

const revisions = async (client: Client) => readRevisions(client, await locateLedger(client, settings));

test('the baseline stands where the replaced rows stood, and they are recorded as they were', async () => {
  await withLedger('0.js:1 1.js:2 2.js:2 3.js:3 4.js:3', async (client, config) => {
    const before = await readLedger(client, settings);
    const { kind, replaced } = await adoptBaseline(config, settings, adoption);
    expect(kind).toBe('adopted');
    expect(replaced).toEqual(before?.slice(1, 4));
    expect(await ledger(client)).toEqual(['5 0.js:1', '6 1_baseline_0123456789ab.js:2', '9 4.js:3']);
    expect(await revisions(client)).toEqual([
      {
        id: 1,
        revision: adoption.revision,
        baseline: adoption.name,
        fingerprint: adoption.fingerprint,
        replaced: before?.slice(1, 4),
        accepted: [],
        toolVersion: '0.1.0',
        adoptedAt: expect.stringMatching(/^\d{4}-.*\+00$/),
      },
    ]);
    // The transaction is over and its locks with it.
    expect(
      (
        await client.query(`SELECT FROM pg_locks WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
      ).rowCount,
    ).toBe(0);
  });
});

test('a second adoption finds it done and writes nothing', async () => {
  await withLedger('1.js:1 2.js:1 3.js:1', async (client, config) => {
    await adoptBaseline(config, settings, adoption);
    const before = [await ledger(client), await revisions(client)];
    expect(await adoptBaseline(config, settings, adoption)).toMatchObject({
      kind: 'already adopted',
      replaced: [],
    });
    expect([await ledger(client), await revisions(client)]).toEqual(before);
  });
});

test.each([
  ['some missing', '1.js:1 4.js:2', /lacks migrations that "1_baseline.*" replaces: "2\.js", "3\.js"$/],
  ['all missing', '4.js:2', /replaces: "1\.js", "2\.js", "3\.js"$/],
  ['an empty ledger', '', /lacks/],
])('%s is LEDGER_MISMATCH, and nothing is written', async (_, rows, message) => {
  await withLedger(rows, async (client, config) => {
    const before = await ledger(client);
    await expect(adoptBaseline(config, settings, adoption)).rejects.toMatchObject({
      code: 'LEDGER_MISMATCH',
      message: expect.stringMatching(message),
    });
    expect(await ledger(client)).toEqual(before);
    expect((await locateLedger(client, settings)).exists.revision).toBe(false);
  });
});

test('two rows of one name are LEDGER_MISMATCH', async () => {
  await withLedger('1.js:1 2.js:1 3.js:1', async (client, config) => {
    await client.query(`INSERT INTO knex_migrations (name, batch) VALUES ('2.js', 2)`);
    await expect(adoptBaseline(config, settings, adoption)).rejects.toMatchObject({
      code: 'LEDGER_MISMATCH',
      message: expect.stringContaining('more than one row for "2.js"'),
    });
  });
});

test('no ledger at all is LEDGER_MISMATCH, and none is made', async () => {
  await withDatabase((config) =>
    withClient(config, async (client) => {
      await expect(adoptBaseline(config, settings, adoption)).rejects.toMatchObject({
        code: 'LEDGER_MISMATCH',
      });
      expect(await readLedger(client, settings)).toBeNull();
    }),
  );
});

describe('locks', () => {
  test('a marked lock is refused at once', async () => {
    await withLedger('1.js:1 2.js:1 3.js:1', async (client, config) => {
      await client.query('UPDATE knex_migrations_lock SET is_locked = 1');
      await expect(adoptBaseline(config, settings, adoption)).rejects.toMatchObject({
        code: 'LOCK_TIMEOUT',
        hint: expect.stringContaining('knex migrate:unlock'),
      });
      expect(await ledger(client)).toHaveLength(3);
    });
  });

  test.each([
    ["Knex's row", 'UPDATE knex_migrations_lock SET is_locked = 1', 'the row of public.knex_migrations_lock'],
    [
      'a writer of the ledger',
      'UPDATE knex_migrations SET batch = batch',
      'the table public.knex_migrations',
    ],
    ['another adopter', 'SELECT pg_advisory_xact_lock(7741236377503757160)', "knex-squash's advisory lock"],
  ])('%s is waited for, up to the deadline', async (_, statement, what) => {
    await withLedger('1.js:1 2.js:1 3.js:1', async (_client, config) => {
      await withClient(config, async (holder) => {
        await holder.query(`BEGIN; ${statement}`);
        const started = performance.now();
        await expect(adoptBaseline(config, settings, adoption, null, { timeout: 300 })).rejects.toMatchObject(
          {
            code: 'LOCK_TIMEOUT',
            message: `another session still holds ${what} after 0.3 s`,
          },
        );
        expect(performance.now() - started).toBeLessThan(2_000);
        const waiting = adoptBaseline(config, settings, adoption, null, { timeout: 20_000 });
        await holder.query('ROLLBACK');
        expect((await waiting).kind).toBe('adopted');
      });
    });
  });
});

test('of many adopters at once exactly one stamps, also while their sessions are killed', async () => {
  await withLedger('1.js:1 2.js:1 3.js:1', async (client, config) => {
    for (let round = 0; round < 4; round++) {
      const racers = Array.from({ length: 6 }, () => adoptBaseline(config, settings, adoption));
      for (let shot = 0; shot < 3; shot++) {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 15));
        await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND query ~ 'knex_migrations' LIMIT 1`);
      }
      const ended = await Promise.all(racers);
      expect(ended.filter(({ kind }) => kind === 'adopted')).toHaveLength(1);
      expect(await revisions(client)).toHaveLength(1);
      expect(await ledger(client)).toEqual(['5 1_baseline_0123456789ab.js:1']);
      // Back to the start for the next round.
      await client.query(`TRUNCATE knex_migrations, knex_migrations_revision;
        INSERT INTO knex_migrations (id, name, batch) VALUES (5, '1.js', 1), (6, '2.js', 1), (7, '3.js', 1)`);
    }
  });
});

test.each(['adopt.locked', 'adopt.recorded', 'adopt.deleted', 'adopt.stamped'])(
  'a process killed at %s leaves the old ledger and no lock',
  async (step) => {
    await withLedger('1.js:1 2.js:1 3.js:1', async (client, config) => {
      const { signal, stderr } = await runChild(
        `import { adoptBaseline } from '#src/adopt/stamp.js';
        const [url, settings, adoption] = process.argv.slice(-3);
        await adoptBaseline({ connectionString: url }, JSON.parse(settings), JSON.parse(adoption));`,
        {
          args: [connectionUrl(config), JSON.stringify(settings), JSON.stringify(adoption)],
          env: { KNEX_SQUASH_FAIL: `${step}:kill` },
        },
      );
      expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' });
      expect(await ledger(client)).toHaveLength(3);
      expect((await adoptBaseline(config, settings, adoption)).kind).toBe('adopted');
      expect(await revisions(client)).toHaveLength(1);
    });
  },
);
