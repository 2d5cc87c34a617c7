import type { ClientConfig } from 'pg';
import { withClient } from '../src/database/client.js';
import { adopt, down, up } from '../src/migrate.js';
import { undoAdoption } from '../src/restore.js';
import { status } from '../src/status.js';
import { figure, longTimeout, rounds } from './support/chaos.js';
import { findPgbouncer, withPgbouncer } from './support/pgbouncer.js';
import { testServer } from './support/server.js';
import { type Bed, later, laterNames, ledgerOf, lendBed, names } from './support/squashed.js';

const beside = {
  'migrations/6_beside.cjs': `exports.config = { transaction: false };
exports.up = (knex) => knex.raw('CREATE INDEX CONCURRENTLY books_added ON books (added)');
exports.down = (knex) => knex.raw('DROP INDEX CONCURRENTLY books_added');
`,
};
const allLater = [...laterNames, '6_beside.cjs'];

let bed: Bed;
let release: () => Promise<void>;

beforeAll(async () => {
  [bed, release] = await lendBed({ more: { ...later, ...beside } });
}, 120_000);

afterAll(() => release());

const program = findPgbouncer();
if (program === null) console.warn('not tested behind a pooler: pgbouncer is not installed');

const namesIn = async (database: ClientConfig) =>
  (await ledgerOf(database)).map((row) => row.replace(/^\d+ |:\d+$/g, '')).sort();

/** What the pooler's own sessions, which live on, still hold or have set of ours. */
async function leftOn(database: ClientConfig): Promise<unknown> {
  const { rows } = await withClient(database, (client) =>
    client.query(`SELECT
      (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locks,
      (SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%') AS open,
      (SELECT count(*)::int > 0 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()) AS pooled`),
  );
  return rows[0];
}

/** Behind the pooler, on a session that has served our commands. */
async function settingsOfSessions(database: ClientConfig): Promise<unknown> {
  const { rows } = await withClient(database, (client) =>
    client.query(`SELECT name, setting FROM pg_settings WHERE source = 'session'
      AND name IN ('client_connection_check_interval', 'search_path', 'lock_timeout', 'statement_timeout')`),
  );
  return rows;
}

const clean = { locks: 0, open: 0, pooled: true };

describe.each(program === null ? [] : [program])('behind pgbouncer in transaction mode', (path) => {
  test(
    'every command works, alone and several at once, and leaves nothing on the sessions',
    async () => {
      const count = rounds(1, 25);
      let refused = 0;
      await withPgbouncer(path, testServer(), async (by) => {
        for (let round = 0; round < count; round++) {
          for (const ran of [names, names.slice(0, 2), []]) {
            await bed.at(ran, async (database) => {
              const settings = await bed.settings(by(database));
              const ends = await Promise.allSettled(Array.from({ length: 6 }, () => up(settings)));
              for (const end of ends) {
                if (end.status === 'fulfilled') continue;
                // Whether another's migration without a transaction still runs can't be told here: it is refused.
                expect([end.reason.code, end.reason.message]).toEqual([
                  'LOCK_TIMEOUT',
                  expect.stringContaining('6_beside.cjs'),
                ]);
                refused += 1;
              }
              await up(settings);
              expect(await namesIn(database)).toEqual([bed.baseline, ...allLater].sort());
              expect(await leftOn(database)).toEqual(clean);
              expect((await status(settings)).pending).toEqual([]);
              expect(await down(settings)).not.toEqual([]);
              await up(settings);
              if (ran.length > 0) {
                await undoAdoption(settings);
                expect(await namesIn(database)).toEqual([...names, ...allLater].sort());
                expect(await adopt(settings)).toMatchObject({ outcome: { kind: 'adopted' } });
              }
              expect(await leftOn(database)).toEqual(clean);
              expect(await settingsOfSessions(by(database))).toEqual([]);
            });
          }
        }
      });
      figure(
        `behind pgbouncer in transaction mode: ${count} rounds of 3 databases, 6 at once, ${refused} told to come again, 0 locks left`,
      );
    },
    longTimeout,
  );
});

// Jest wants a test in every file.
if (program === null) test.todo('behind pgbouncer in transaction mode (skipped: no pgbouncer is installed)');
