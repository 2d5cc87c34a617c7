import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { withClient } from '../src/database/client.js';
import { readLedger } from '../src/history/ledger.js';
import { adopt, down, up } from '../src/migrate.js';
import { restoreMigrations, undoAdoption } from '../src/restore.js';
import { loadSettings } from '../src/settings/load.js';
import { type Squashed, squash } from '../src/squash.js';
import { status } from '../src/status.js';
import { treeOf, urlOf } from './support/example.js';
import { withProject, writeIn } from './support/project.js';
import { withDatabase } from './support/server.js';
import { dumpOf, later, ledgerOf, originals, support, withStockKnex } from './support/squashed.js';

const more = {
  ...later,
  'migrations/6_prizes.cjs': `exports.up = async (knex) => {
  await knex.schema.createTable('prizes', (t) => { t.increments(); t.integer('author').references('authors.id'); });
  await knex.raw('INSERT INTO prizes (author) SELECT id FROM authors ORDER BY id');
};
exports.down = (knex) => knex.schema.dropTable('prizes');
`,
};
const history = { ...originals, ...more };
const names = Object.keys(history).map((path) => path.slice('migrations/'.length));

const settingsOf = (root: string, database: ClientConfig) =>
  loadSettings({ cwd: root, env: {}, flags: { url: urlOf(database) } });

const query = (database: ClientConfig, sql: string) => withClient(database, (client) => client.query(sql));

const listFiles = async (root: string) => (await readdir(join(root, 'migrations'))).sort();

/** Squashes on an empty database, so that only the files change. */
async function squashFiles(root: string, to?: string): Promise<Squashed> {
  const result = await withDatabase(async (empty) =>
    squash(await settingsOf(root, empty), { adopt: false, ...(to === undefined ? {} : { to }) }),
  );
  if (result.kind !== 'squashed') throw new Error('nothing was squashed');
  return result;
}

/** The project after no, one, two and three squashes, each in a folder of its own. */
interface Stages {
  readonly roots: readonly [string, string, string, string];
  readonly baselines: readonly [string, string, string];
}

let stages: Stages;
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'knex-squash-range-'));
  await withProject({ ...support, ...history }, async (root) => {
    const roots: string[] = [];
    const baselines: string[] = [];
    const keep = async () => {
      const copy = join(scratch, String(roots.length));
      await cp(root, copy, { recursive: true });
      roots.push(copy);
    };
    await keep();
    for (const to of ['4_titles.cjs', '5_shelves.cjs', undefined]) {
      const { baseline } = await squashFiles(root, to);
      baselines.push(baseline.slice('migrations/'.length));
      await keep();
    }
    stages = { roots, baselines } as unknown as Stages;
  });
}, 120_000);

afterAll(() => rm(scratch, { recursive: true }));

/** Runs `fn` on a database that was brought to a stage's end, or to a file of it, by stock Knex. */
async function at<T>(
  stage: number,
  to: string | null,
  fn: (database: ClientConfig) => Promise<T>,
): Promise<T> {
  return withDatabase(async (database) => {
    await withStockKnex(database, join(stages.roots[stage] ?? '', 'migrations'), async (knex) => {
      let [, ran]: [number, string[]] = [0, []];
      do [, ran] = await knex.migrate.up();
      while (ran.length > 0 && ran[0] !== to);
    });
    return fn(database);
  });
}

test('a range leaves the later files, and a squash of a squash knows what the first one stood for', async () => {
  const [first, second, third] = stages.baselines;
  expect(await listFiles(stages.roots[1])).toEqual([first, '5_shelves.cjs', '6_prizes.cjs']);
  expect(await listFiles(stages.roots[2])).toEqual([second, '6_prizes.cjs']);
  expect(await listFiles(stages.roots[3])).toEqual([third]);
});

describe('a database follows the third baseline', () => {
  let whole: string | null;

  beforeAll(async () => {
    whole = await at(0, null, dumpOf);
  });

  test.each([
    ['from all originals', 0, null, 6],
    ['from some originals', 0, '3_books.cjs', 6],
    ['from the first baseline', 1, null, 3],
    ['from the first baseline alone', 1, '1_baseline', 3],
    ['from the second baseline', 2, null, 2],
  ])('%s', async (_, stage, to, rows) => {
    await at(stage, to === '1_baseline' ? (stages.baselines[0] ?? '') : to, async (database) => {
      const settings = await settingsOf(stages.roots[3], database);
      expect(await up(settings)).toMatchObject({ adoption: { kind: 'adopted', rows }, ran: [] });
      expect((await ledgerOf(database)).map((row) => row.split(' ')[1])).toEqual([
        `${stages.baselines[2]}:1`,
      ]);
      const spelling = /CONSTRAINT authors_role_check .*/;
      expect((await dumpOf(database))?.replace(spelling, '')).toBe(whole?.replace(spelling, ''));
    });
  });

  test('by way of each, and the whole way back', async () => {
    await at(0, null, async (database) => {
      const ledger = () =>
        withClient(database, (client) =>
          readLedger(client, { tableName: 'knex_migrations', schemaName: null }),
        );
      const seen = [await ledger()];
      for (const root of stages.roots.slice(1)) {
        expect(await adopt(await settingsOf(root, database))).toMatchObject({ outcome: { kind: 'adopted' } });
        seen.push(await ledger());
      }
      const before = await dumpOf(database);
      for (const [n, root] of stages.roots.slice(1).reverse().entries()) {
        expect(await ledger()).toEqual(seen[3 - n]);
        const { baseline } = await undoAdoption(await settingsOf(root, database));
        expect(baseline).toBe(stages.baselines[2 - n]);
      }
      expect(await ledger()).toEqual(seen[0]);
      expect(await dumpOf(database)).toBe(before);
      await expect(undoAdoption(await settingsOf(stages.roots[0], database))).rejects.toMatchObject({
        code: 'LEDGER_MISMATCH',
      });
    });
  });

  test('the files go the whole way back too', async () => {
    const copy = join(scratch, 'back');
    await cp(stages.roots[3], copy, { recursive: true });
    await withDatabase(async (database) => {
      for (const stage of [2, 1, 0]) {
        await restoreMigrations(await settingsOf(copy, database));
        expect(await treeOf(join(copy, 'migrations'))).toEqual(
          await treeOf(join(stages.roots[stage] ?? '', 'migrations')),
        );
      }
    });
  });

  test('earlier originals beside a later baseline that stands for them are contradictory', async () => {
    await at(1, null, async (database) => {
      await query(database, `INSERT INTO knex_migrations (name, batch) VALUES ('2_moods.ts', 1)`);
      await expect(up(await settingsOf(stages.roots[3], database))).rejects.toMatchObject({
        code: 'LEDGER_MISMATCH',
        message: expect.stringContaining('2_moods.ts'),
      });
    });
  });
});

test('a database that the baseline built gets a row for each original', async () => {
  await at(1, null, async (database) => {
    const settings = await settingsOf(stages.roots[1], database);
    await undoAdoption(settings);
    expect((await ledgerOf(database)).map((row) => row.split(' ')[1])).toEqual(
      ['5_shelves.cjs:1', '6_prizes.cjs:1', ...names.slice(0, 4).map((name) => `${name}:1`)].map((row) =>
        expect.stringContaining(row.split(':')[0] ?? ''),
      ),
    );
  });
});

test('a later migration that sees another database after the baseline is named, and nothing is written', async () => {
  const files = {
    'migrations/1_words.cjs': `exports.up = async (knex) => {
  await knex.raw("CREATE TABLE words (id int PRIMARY KEY, word text); INSERT INTO words VALUES (1, 'a'), (2, 'b'); UPDATE words SET word = 'c' WHERE id = 1");
}; exports.down = async () => {};`,
    // The order in which rows lie is no part of what a baseline promises.
    'migrations/2_sentence.cjs': `exports.up = (knex) => knex.raw("CREATE TABLE sentence AS SELECT string_agg(word, ' ') AS text FROM words");
exports.down = async () => {};`,
  };
  await withProject(files, async (root) => {
    const before = await treeOf(root);
    await expect(squashFiles(root, '1_words.cjs')).rejects.toMatchObject({
      code: 'PROOF_FAILED',
      message: expect.stringContaining('table public.sentence'),
    });
    expect(await treeOf(root)).toEqual(before);
    await expect(squashFiles(root, 'no such')).rejects.toMatchObject({ code: 'MIGRATION_INVALID' });
  });
});

test('two baselines side by side are refused', async () => {
  const copy = join(scratch, 'two');
  await cp(stages.roots[1], copy, { recursive: true });
  await cp(join(stages.roots[0], 'migrations/1_authors.cjs'), join(copy, 'other/migrations/1_authors.cjs'));
  const other = await squashFiles(join(copy, 'other'));
  await cp(join(copy, 'other', other.baseline), join(copy, other.baseline));
  await withDatabase(async (database) => {
    await expect(status(await settingsOf(copy, database))).rejects.toMatchObject({
      code: 'BASELINE_INVALID',
    });
  });
});

describe('after an adoption nothing drops a live table', () => {
  const ways: readonly [string, (root: string, database: ClientConfig) => Promise<unknown>][] = [
    ['knex migrate:rollback', (root, database) => stock(root, database, (knex) => knex.migrate.rollback())],
    [
      'knex migrate:rollback --all',
      (root, database) => stock(root, database, (knex) => knex.migrate.rollback({}, true)),
    ],
    ['knex migrate:down', (root, database) => stock(root, database, (knex) => knex.migrate.down())],
    [
      'knex migrate:down NAME',
      (root, database) => stock(root, database, (knex) => knex.migrate.down({ name: stages.baselines[2] })),
    ],
    ['knex-squash down', async (root, database) => down(await settingsOf(root, database))],
    [
      'knex-squash down --all',
      async (root, database) => down(await settingsOf(root, database), { all: true }),
    ],
    [
      'knex-squash down --to',
      async (root, database) => down(await settingsOf(root, database), { to: stages.baselines[2] }),
    ],
  ];
  const stock = (root: string, database: ClientConfig, fn: Parameters<typeof withStockKnex<unknown>>[2]) =>
    withStockKnex(database, join(root, 'migrations'), fn);

  // Rows as the baseline writes them, other rows, and none: it makes no difference.
  test.each(['', 'DELETE FROM books', 'TRUNCATE books, authors CASCADE'])('after %j', async (sql) => {
    await at(0, null, async (database) => {
      await adopt(await settingsOf(stages.roots[3], database));
      await query(database, sql);
      const before = [await dumpOf(database), await ledgerOf(database)];
      for (const [name, roll] of ways) {
        await expect(roll(stages.roots[3], database)).rejects.toThrow('adopted 1_baseline');
        expect([name, await dumpOf(database), await ledgerOf(database)]).toEqual([name, ...before]);
      }
    });
  });

  test('a later batch still rolls back, before the baseline is in question', async () => {
    const copy = join(scratch, 'rolls');
    await cp(stages.roots[3], copy, { recursive: true });
    await writeIn(
      copy,
      'migrations/7_more.cjs',
      `exports.up = (knex) => knex.raw('CREATE TABLE more ()'); exports.down = (knex) => knex.raw('DROP TABLE more');`,
    );
    await at(0, null, async (database) => {
      const settings = await settingsOf(copy, database);
      await up(settings);
      expect(await down(settings)).toEqual(['7_more.cjs']);
      expect((await up(settings)).ran).toEqual(['7_more.cjs']);
      const [, reverted] = (await stock(copy, database, (knex) => knex.migrate.rollback())) as [
        number,
        string[],
      ];
      expect(reverted).toEqual(['7_more.cjs']);
    });
  });
});
