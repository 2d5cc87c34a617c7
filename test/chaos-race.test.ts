import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import createKnex, { type Knex } from 'knex';
import type { ClientConfig } from 'pg';
import { withClient } from '../src/database/client.js';
import { squashSource } from '../src/knex-source.js';
import { adopt, up } from '../src/migrate.js';
import { createMigrator } from '../src/migrator.js';
import { figure, longTimeout, quantile, rounds } from './support/chaos.js';
import { compiled } from './support/compile.js';
import { urlOf } from './support/example.js';
import {
  type Bed,
  dumpOf,
  later,
  laterNames,
  ledgerOf,
  lendBed,
  names,
  withStockKnex,
} from './support/squashed.js';

const besideName = '6_beside.cjs';
const beside = `exports.config = { transaction: false };
exports.up = (knex) => knex.raw('CREATE INDEX CONCURRENTLY books_added ON books (added)');
exports.down = (knex) => knex.raw('DROP INDEX CONCURRENTLY books_added');
`;

let bed: Bed;
let release: () => Promise<void>;
let whole: string | null;

beforeAll(async () => {
  [bed, release] = await lendBed({ more: later });
  whole = await bed.at([...names, ...laterNames], dumpOf);
}, 120_000);

afterAll(() => release());

const query = async (database: ClientConfig, sql: string) =>
  (await withClient(database, (client) => client.query(sql))).rows;

const namesIn = async (database: ClientConfig) =>
  (await ledgerOf(database)).map((row) => row.replace(/^\d+ |:\d+$/g, ''));

/** A process that waits for the word. */
async function racer(database: ClientConfig, fail: string | null): Promise<ChildProcess> {
  const { JEST_WORKER_ID: _, ...env } = process.env;
  const child = spawn(process.execPath, [compiled('test/support/racer.ts'), bed.root, urlOf(database)], {
    env: { ...env, NODE_OPTIONS: '', ...(fail === null ? {} : { KNEX_SQUASH_FAIL: fail }) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

const stampSteps = ['adopt.locked', 'adopt.recorded', 'adopt.deleted', 'adopt.stamped'];

test(
  'of 8 processes, half of them killed, one stamps',
  async () => {
    const count = rounds(1, 100);
    const killedAt = { failpoint: 0, time: 0 };
    for (let round = 0; round < count; round++) {
      await bed.at(names, async (database) => {
        const plans = Array.from({ length: 8 }, (_, n) =>
          n < 2 ? `${stampSteps[(round + n) % 4]}:kill` : n < 4 ? 'at a random time' : null,
        );
        const children = await Promise.all(
          plans.map((plan) => racer(database, plan?.startsWith('adopt') ? plan : null)),
        );
        const ends = children.map((child) => once(child, 'close') as Promise<[number | null, string | null]>);
        const said = children.map((child) => {
          let text = '';
          child.stdout?.on('data', (bytes) => {
            text += bytes;
          });
          return () => text;
        });
        for (const child of children) child.stdin?.write('go\n');
        for (const n of [2, 3]) setTimeout(() => children[n]?.kill('SIGKILL'), Math.random() * 400);
        const ended = await Promise.all(ends);
        killedAt.failpoint += ended.slice(0, 2).filter(([, signal]) => signal === 'SIGKILL').length;
        killedAt.time += ended.slice(2, 4).filter(([, signal]) => signal === 'SIGKILL').length;
        // Whoever lives finds it done or does it.
        for (const n of [4, 5, 6, 7]) {
          expect([ended[n]?.[0], said[n]?.()]).toEqual([0, expect.stringMatching(/^(already )?adopted\n$/)]);
        }
        expect(await namesIn(database)).toEqual([bed.baseline]);
        expect(await query(database, 'SELECT count(*)::int AS n FROM knex_migrations_revision')).toEqual([
          { n: 1 },
        ]);
        // Other databases of the server have their own.
        const locks = `SELECT FROM pg_locks WHERE locktype = 'advisory'
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
        expect(await query(database, locks)).toEqual([]);
      });
    }
    figure(
      `8 processes, half killed (${killedAt.failpoint} at a step, ${killedAt.time} at a random time): ${count} rounds, each stamped exactly once`,
    );
  },
  longTimeout,
);

const silent = { warn() {}, error() {}, debug() {}, deprecate() {} };

/** Stock Knex with our source in its configuration. */
async function withPlugin<T>(database: ClientConfig, fn: (knex: Knex) => Promise<T>): Promise<T> {
  const config = {
    client: 'pg',
    connection: { ...database } as Knex.PgConnectionConfig,
    pool: { min: 0, max: 4 },
    log: silent,
    migrations: { directory: join(bed.root, 'migrations') },
    squash: { backups: join(bed.root, 'backups'), stateDirectory: join(bed.root, '.knex-squash') },
  };
  const knex = createKnex({ ...config, migrations: { migrationSource: squashSource(config) } });
  return fn(knex).finally(() => knex.destroy());
}

/** What we may say in a race: who comes too late is told so, and writes nothing. */
const ours = /^LOCK_TIMEOUTthe migration table is already locked|ran only a part|became pending/;
/** Without a transaction stock Knex commits the baseline before its row: in between the objects are nobody's. */
const oursBeside = new RegExp(`${ours.source}|^DATABASE_FOREIGN`);

/**
 * What stock Knex may say. Where one of its migrations wants no transaction it doesn't compare again under
 * its lock, and runs what another has run meanwhile: its own error, which changes nothing. (What can run twice it also records twice, with no one but itself about.)
 */
const stocks =
  /files are missing|already locked|LEDGER_MISMATCH|ran only a part|Migration table is already locked|is replaced by a baseline/;
const stocksBeside = new RegExp(
  `${stocks.source}|^DATABASE_FOREIGN|relation "(shelves|books_added)" already exists`,
);

describe.each([
  ['transactional', false],
  ['with one that wants no transaction', true],
])('mixed races with stock Knex, %s', (kind, isBeside) => {
  const path = () => join(bed.root, 'migrations', besideName);
  beforeAll(async () => {
    if (isBeside) await writeFile(path(), beside);
  });
  afterAll(async () => {
    if (isBeside) await rm(path());
  });

  test.each([
    ['full', names],
    ['partial', names.slice(0, 2)],
    ['fresh', []],
  ])(
    'from %s',
    async (from, ran) => {
      const count = rounds(1, 40);
      const files = [...laterNames, ...(isBeside ? [besideName] : [])];
      const refused = { we: 0, stock: 0 };
      const patterns = isBeside ? { ours: oursBeside, stocks: stocksBeside } : { ours, stocks };
      for (let round = 0; round < count; round++) {
        await bed.at(ran, async (database) => {
          const settings = await bed.settings(database);
          const contenders: readonly (() => Promise<unknown>)[] = [
            () => up(settings),
            () => up(settings),
            () => createMigrator(settings).up(),
            () => adopt(settings),
            () => withPlugin(database, (knex) => knex.migrate.latest()),
            () => withPlugin(database, (knex) => knex.migrate.latest()),
            () => withStockKnex(database, join(bed.root, 'migrations'), (knex) => knex.migrate.latest()),
          ];
          // Of two Knex that make its tables at once one dies: that is not ours to mend.
          if (from === 'fresh')
            await withStockKnex(database, join(bed.root, 'migrations'), (knex) => knex.migrate.list());
          const ended = await Promise.allSettled(
            contenders.map(async (contend) => {
              await sleep(Math.random() * 60);
              return contend();
            }),
          );
          for (const [n, end] of ended.entries()) {
            if (end.status === 'fulfilled') continue;
            refused[n < 4 ? 'we' : 'stock'] += 1;
            const said = String(end.reason?.code ?? '') + String(end.reason?.message);
            expect(said).toMatch(patterns[n < 4 ? 'ours' : 'stocks']);
          }
          // Whoever was refused comes again.
          await up(settings);
          expect([...(await namesIn(database))].sort()).toEqual([bed.baseline, ...files].sort());
          expect(await query(database, 'SELECT is_locked FROM knex_migrations_lock')).toEqual([
            { is_locked: 0 },
          ]);
          const spelling = /CONSTRAINT authors_role_check .*/;
          const index = /\n+CREATE INDEX books_added .*/;
          const dump = (await dumpOf(database))?.replace(spelling, '').replace(index, '');
          if (!isBeside) expect(dump).toBe(whole?.replace(spelling, ''));
        });
      }
      figure(
        `mixed races with stock Knex, ${kind}, from ${from}: ${count} rounds of 7, 0 bad, told to come again: ${refused.we} of ours, ${refused.stock} of stock Knex`,
      );
    },
    longTimeout,
  );
});

describe('a dead client', () => {
  /** A process that runs a migration which inserts slowly, killed while it does. */
  async function killedWhile(database: ClientConfig, isBesideTransaction: boolean): Promise<number> {
    await writeFile(
      join(bed.root, 'migrations', '7_slow.cjs'),
      `${isBesideTransaction ? 'exports.config = { transaction: false };' : ''}
exports.up = (knex) => knex.raw("INSERT INTO shelves SELECT 7 FROM (SELECT pg_sleep(4)) s");
exports.down = async () => {};`,
    );
    const { JEST_WORKER_ID: _, ...env } = process.env;
    const child = spawn(process.execPath, [compiled('src/cli/main.ts'), 'up'], {
      cwd: bed.root,
      env: { ...env, NODE_OPTIONS: '', DATABASE_URL: urlOf(database) },
      stdio: 'ignore',
    });
    const ended = once(child, 'close');
    while (
      (
        await query(
          database,
          `SELECT FROM pg_stat_activity WHERE query ~ 'pg_sleep.4' AND pid <> pg_backend_pid() AND datname = current_database()`,
        )
      ).length === 0
    ) {
      await sleep(20);
    }
    child.kill('SIGKILL');
    await ended;
    await rm(join(bed.root, 'migrations', '7_slow.cjs'));
    return performance.now();
  }

  test.each([
    ['in a transaction', false],
    ['beside one', true],
  ])(
    '%s frees the lock within 5 s, and its statement does not commit',
    async (name, isBesideTransaction) => {
      const took: number[] = [];
      for (let round = 0; round < rounds(1, 10); round++) {
        await bed.at([...names, ...laterNames], async (database) => {
          const killedAt = await killedWhile(database, isBesideTransaction);
          const isHeld = () =>
            query(
              database,
              `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
            );
          while ((await isHeld()).length > 0) await sleep(20);
          took.push(performance.now() - killedAt);
          await sleep(Math.max(0, 4_500 - (performance.now() - killedAt)));
          expect(await query(database, 'SELECT FROM shelves')).toEqual([]);
          const again = up(await bed.settings(database));
          // Nobody knows how far a statement came that has no transaction, until somebody looks.
          if (isBesideTransaction)
            await expect(again).rejects.toMatchObject({ code: 'MIGRATION_INTERRUPTED' });
          else expect((await again).ran).toEqual([]);
        });
      }
      expect(Math.max(...took)).toBeLessThan(5_000);
      figure(
        `dead client ${name}: lock free after ${quantile(took, 0.5).toFixed(0)} ms (worst ${Math.max(...took).toFixed(0)} ms), ${took.length} kills, 0 orphan commits`,
      );
    },
    longTimeout,
  );
});
