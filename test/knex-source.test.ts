import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import createKnex, { type Knex } from 'knex';
import type { ClientConfig } from 'pg';
import { withClient } from '../src/database/client.js';
import { type SquashConfig, squashSource } from '../src/knex-source.js';
import { adopt } from '../src/migrate.js';
import { loadSettings } from '../src/settings/load.js';
import { oldKnex } from './support/old-knex.js';
import {
  type Bed,
  dumpOf,
  everythingOf,
  later,
  laterNames,
  ledgerOf,
  lendBed,
  names,
  withStockKnex,
} from './support/squashed.js';

const query = (database: ClientConfig, sql: string) => withClient(database, (client) => client.query(sql));

let bed: Bed;
let release: () => Promise<void>;
let whole: string | null;

beforeAll(async () => {
  [bed, release] = await lendBed({ more: later });
  whole = await bed.at([...names, ...laterNames], dumpOf);
});

afterAll(() => release());

const silent = { warn() {}, error() {}, debug() {}, deprecate() {} };

type Migrations = NonNullable<Knex.Config['migrations']>;

/** Runs `fn` with stock Knex, of any major, whose knexfile has our source. */
async function withPlugin<T>(
  database: ClientConfig,
  fn: (knex: Knex) => Promise<T>,
  {
    migrations = {},
    squash = {},
    create = createKnex,
  }: { migrations?: Migrations; squash?: SquashConfig['squash'] & object; create?: typeof createKnex } = {},
): Promise<T> {
  const config: SquashConfig = {
    client: 'pg',
    connection: { ...database } as Knex.PgConnectionConfig,
    pool: { min: 0, max: 4 },
    log: silent,
    migrations: { directory: join(bed.root, 'migrations'), ...migrations },
    squash: { backups: join(bed.root, 'backups'), stateDirectory: join(bed.root, '.knex-squash'), ...squash },
  };
  const { directory: _, loadExtensions: __, ...rest } = config.migrations ?? {};
  const knex = create({
    ...config,
    migrations: { ...rest, migrationSource: squashSource(config) },
  } as Knex.Config);
  return fn(knex).finally(() => knex.destroy());
}

const namesOf = async (database: ClientConfig) =>
  (await ledgerOf(database)).map((row) => row.replace(/^\d+ /, ''));

describe.each([
  ['3', async () => createKnex],
  ['2', oldKnex],
])('knex %s', (_, load) => {
  let create: typeof createKnex;

  beforeAll(async () => {
    const loaded = await load();
    if (loaded === null) return;
    create = loaded;
  }, 120_000);

  test('latest adopts a full database, with no other step, and runs what is pending', async () => {
    if (create === undefined) return;
    await bed.at(names, async (database) => {
      const [batch, ran] = await withPlugin(database, (knex) => knex.migrate.latest(), { create });
      expect([batch, ran]).toEqual([2, laterNames]);
      expect(await ledgerOf(database)).toEqual([`1 ${bed.baseline}:1`, '5 5_shelves.cjs:2']);
      expect(await dumpOf(database)).toBe(whole);
      await withPlugin(
        database,
        async (knex) => {
          expect((await knex.migrate.latest())[1]).toEqual([]);
          const [completed] = await knex.migrate.list();
          expect(completed.map(({ name }: { name: string }) => name)).toEqual([bed.baseline, ...laterNames]);
          expect((await knex.migrate.rollback())[1]).toEqual(laterNames);
          await expect(knex.migrate.rollback()).rejects.toThrow('adopted');
        },
        { create },
      );
      expect(await namesOf(database)).toEqual([`${bed.baseline}:1`]);
    });
  });

  test('after an adoption no way back drops a live table, with the source and without', async () => {
    if (create === undefined) return;
    const ways: Readonly<Record<string, (knex: Knex) => Promise<unknown>>> = {
      rollback: (knex) => knex.migrate.rollback(),
      'rollback --all': (knex) => knex.migrate.rollback(undefined, true),
      down: (knex) => knex.migrate.down(),
      'down NAME': (knex) => knex.migrate.down({ name: bed.baseline }),
    };
    await bed.at(names, async (database) => {
      await adopt(await bed.settings(database));
      const before = await everythingOf(database);
      for (const [way, roll] of Object.entries(ways)) {
        for (const isStock of [false, true]) {
          const rolling = isStock
            ? withStockKnex(database, join(bed.root, 'migrations'), roll, create)
            : withPlugin(database, roll, { create });
          await expect(rolling).rejects.toThrow(`adopted ${bed.baseline.slice(0, 10)}`);
          expect([way, await everythingOf(database)]).toEqual([way, before]);
        }
      }
    });
  });

  test('latest runs the baseline on an empty database', async () => {
    if (create === undefined) return;
    await bed.at([], async (database) => {
      const [, ran] = await withPlugin(database, (knex) => knex.migrate.latest(), { create });
      expect(ran).toEqual([bed.baseline, ...laterNames]);
      expect(await namesOf(database)).toEqual([`${bed.baseline}:1`, '5_shelves.cjs:1']);
    });
  });

  test('a part is refused, and list and rollback know it', async () => {
    if (create === undefined) return;
    await bed.at(names.slice(0, 3), async (database) => {
      const before = await everythingOf(database);
      await withPlugin(
        database,
        async (knex) => {
          await expect(knex.migrate.latest()).rejects.toMatchObject({
            code: 'LEDGER_MISMATCH',
            message: expect.stringContaining('4_titles.cjs'),
          });
          const [completed, pending] = await knex.migrate.list();
          expect(completed.map(({ name }: { name: string }) => name)).toEqual(names.slice(0, 3));
          expect(pending).toMatchObject([
            { name: bed.baseline },
            { name: '4_titles.cjs' },
            { name: '5_shelves.cjs' },
          ]);
          expect(await everythingOf(database)).toBe(before);
          expect((await knex.migrate.down())[1]).toEqual(['3_books.cjs']);
        },
        { create },
      );
      expect(await namesOf(database)).toEqual(['1_authors.cjs:1', '2_moods.ts:2']);
    });
  });
});

test.each([
  ['drifted', names, 'DROP VIEW titles', 'DATABASE_DRIFTED'],
  ['foreign', names, 'TRUNCATE knex_migrations', 'DATABASE_FOREIGN'],
  ['ghosts', names, `INSERT INTO knex_migrations (name, batch) VALUES ('ghost', 1)`, 'LEDGER_MISMATCH'],
])('%s is refused as by our own commands', async (_, ran, sql, code) => {
  await bed.at(ran, async (database) => {
    await query(database, sql);
    const before = await everythingOf(database);
    await withPlugin(database, async (knex) => {
      for (const command of ['latest', 'up'] as const) {
        await expect(knex.migrate[command]()).rejects.toMatchObject({ code });
      }
    });
    expect(await everythingOf(database)).toBe(before);
  });
});

test('one step at a time: up adopts, the next up runs', async () => {
  await bed.at(names, async (database) => {
    await withPlugin(database, async (knex) => {
      expect((await knex.migrate.up())[1]).toEqual([]);
      expect(await namesOf(database)).toEqual([`${bed.baseline}:1`]);
      expect((await knex.migrate.up())[1]).toEqual(laterNames);
      expect((await knex.migrate.up())[1]).toEqual([]);
    });
  });
});

describe('without transactions Knex writes a second row, which is taken away', () => {
  test('by disableTransactions', async () => {
    await bed.at(names, async (database) => {
      await withPlugin(database, (knex) => knex.migrate.latest(), {
        migrations: { disableTransactions: true },
      });
      expect(await namesOf(database)).toEqual([`${bed.baseline}:1`, '5_shelves.cjs:2']);
      expect(await dumpOf(database)).toBe(whole);
    });
    await bed.at([...names, ...laterNames], async (database) => {
      await withPlugin(
        database,
        async (knex) => {
          await knex.migrate.latest();
          await knex.migrate.list();
          expect(await namesOf(database)).toEqual([`${bed.baseline}:1`, '5_shelves.cjs:5']);
          expect((await knex.migrate.rollback())[1]).toEqual(laterNames);
        },
        { migrations: { disableTransactions: true } },
      );
    });
  });

  test('by a pending migration that wants none', async () => {
    await writeFile(
      join(bed.root, 'migrations/6_index.cjs'),
      `exports.config = { transaction: false };
      exports.up = (knex) => knex.raw('CREATE INDEX CONCURRENTLY books_added ON books (added)');
      exports.down = (knex) => knex.raw('DROP INDEX CONCURRENTLY books_added');`,
    );
    try {
      await bed.at(names, async (database) => {
        await withPlugin(database, (knex) => knex.migrate.latest());
        expect(await namesOf(database)).toEqual([`${bed.baseline}:1`, '5_shelves.cjs:2', '6_index.cjs:2']);
      });
    } finally {
      await rm(join(bed.root, 'migrations/6_index.cjs'));
    }
  });
});

test('many at once on a full database: all succeed, one stamps', async () => {
  await bed.at(names, async (database) => {
    const runs = Array.from({ length: 6 }, () => withPlugin(database, (knex) => knex.migrate.latest()));
    const ran = (await Promise.all(runs)).flatMap(([, done]) => done);
    expect(ran).toEqual(laterNames);
    expect(await ledgerOf(database)).toEqual([
      `1 ${bed.baseline}:1`,
      expect.stringMatching(/^\d+ 5_shelves.cjs:2$/),
    ]);
    const { rows } = await query(database, 'SELECT count(*)::int AS adoptions FROM knex_migrations_revision');
    expect(rows).toEqual([{ adoptions: 1 }]);
  });
});

test('TypeScript that is built to JavaScript is the same migration, where that is asked for', async () => {
  const dist = join(bed.root, 'dist');
  await mkdir(dist);
  try {
    for (const name of await readdir(join(bed.root, 'migrations'))) {
      const path = join(bed.root, 'migrations', name);
      await symlink(path, join(dist, name.replace(/\.\w+$/, '.js')));
    }
    await bed.at(names, async (database) => {
      await query(database, `UPDATE knex_migrations SET name = regexp_replace(name, '\\.\\w+$', '.js')`);
      const options = { migrations: { directory: dist, loadExtensions: ['.js'] } };
      await expect(withPlugin(database, (knex) => knex.migrate.latest(), options)).rejects.toMatchObject({
        code: 'LEDGER_MISMATCH',
      });
      const [, ran] = await withPlugin(database, (knex) => knex.migrate.latest(), {
        ...options,
        squash: { sameName: 'without extension' },
      });
      expect(ran).toEqual(['5_shelves.js']);
      expect(await namesOf(database)).toEqual([
        expect.stringMatching(/_baseline_.*\.js:1$/),
        '5_shelves.js:2',
      ]);
    });
  } finally {
    await rm(dist, { recursive: true });
  }
});

test('our own commands read a knexfile that has the source', async () => {
  const source = join(process.cwd(), 'src/knex-source.ts');
  const knexfile = join(bed.root, 'knexfile.ts');
  await writeFile(
    knexfile,
    `import { squashSource } from '${source}';
const config = { client: 'pg', migrations: { directory: './migrations', tableName: 'ledger' } };
export default { ...config, migrations: { tableName: 'ledger', migrationSource: squashSource(config as never) } };`,
  );
  try {
    const { migrations } = await loadSettings({ cwd: bed.root, env: {}, flags: {} });
    expect(migrations).toMatchObject({
      directories: [join(bed.root, 'migrations')],
      tableName: 'ledger',
      migrationSource: null,
    });
  } finally {
    await rm(knexfile);
  }
});

test('without an archive rollback of an original says which folder to add', async () => {
  await rename(join(bed.root, 'backups'), join(bed.root, 'elsewhere'));
  try {
    await bed.at(names, async (database) => {
      await withPlugin(database, async (knex) => {
        await expect(knex.migrate.rollback()).rejects.toMatchObject({ code: 'ARCHIVE_MISSING' });
        // Adopting needs none.
        expect((await knex.migrate.latest())[1]).toEqual(laterNames);
      });
    });
  } finally {
    await rename(join(bed.root, 'elsewhere'), join(bed.root, 'backups'));
  }
});

test('stock Knex without the source refuses a full database before it runs anything', async () => {
  await bed.at(names, async (database) => {
    const run = withStockKnex(database, join(bed.root, 'migrations'), (knex) => knex.migrate.latest());
    await expect(run).rejects.toThrow('files are missing: 1_authors.cjs');
  });
});
