import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { withClient } from '../src/database/client.js';
import { adopt, up } from '../src/migrate.js';
import { status } from '../src/status.js';
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

/** Refused with that error, and nothing written: neither catalog, ledger nor rows. */
async function refused(
  database: ClientConfig,
  options: Parameters<typeof up>[1],
  error: object,
): Promise<void> {
  const before = await everythingOf(database);
  await expect(up(await bed.settings(database), options)).rejects.toMatchObject(error);
  expect(await everythingOf(database)).toBe(before);
}

test.each([
  ['nothing', []],
  ['the first original', names.slice(0, 1)],
  ['three of four', names.slice(0, 3)],
  ['all of them', names],
  ['a later one too', [...names, ...laterNames]],
])('a database that ran %s comes to the end of the history', async (_, ran) => {
  await bed.at(ran, async (database) => {
    const settings = await bed.settings(database);
    const { adoption, ran: done } = await up(settings);
    if (ran.length === 0) {
      expect(adoption).toEqual({ kind: 'fresh' });
      expect(done).toEqual([bed.baseline, ...laterNames]);
    } else {
      expect(adoption).toMatchObject({ kind: 'adopted', rows: 4, caughtUp: names.slice(ran.length) });
      expect(done).toEqual(laterNames.slice(Math.max(0, ran.length - names.length)));
    }
    // The server spells this one otherwise where the baseline made it.
    const spelling = /CONSTRAINT authors_role_check .*/;
    expect((await dumpOf(database))?.replace(spelling, '')).toBe(whole?.replace(spelling, ''));
    expect((await ledgerOf(database)).map((row) => row.replace(/\d+ |:\d+/g, ''))).toEqual([
      bed.baseline,
      ...laterNames,
    ]);
    expect(await up(settings)).toMatchObject({ ran: [] });
    expect((await status(settings)).state).toEqual({ kind: 'adopted', pending: [] });
    const [, pending] = await withStockKnex(database, join(bed.root, 'migrations'), (knex) =>
      knex.migrate.list(),
    );
    expect(pending).toEqual([]);
  });
});

test('without catching up a database that ran a part is refused', async () => {
  await bed.at(names.slice(0, 2), async (database) => {
    await refused(
      database,
      { catchUp: false },
      { code: 'LEDGER_MISMATCH', message: expect.stringContaining(names.slice(2).join(', ')) },
    );
    await expect(adopt(await bed.settings(database))).rejects.toMatchObject({ code: 'LEDGER_MISMATCH' });
  });
});

test('what the baseline built, and what a dump restored, is expected as well', async () => {
  await bed.built(async (database) => {
    // As if it had been built by the originals: the spelling of its CHECK is the baseline's.
    await query(database, `DELETE FROM knex_migrations WHERE name = '${bed.baseline}'`);
    await query(
      database,
      `INSERT INTO knex_migrations (id, name, batch) VALUES ${names.map((name, n) => `(${n - 10}, '${name}', 1)`).join(', ')}`,
    );
    expect((await status(await bed.settings(database))).state.kind).toBe('ahead');
    expect(await adopt(await bed.settings(database))).toMatchObject({
      outcome: { kind: 'adopted', rows: 4 },
    });
  });
});

describe('what differs from what its ledger promises', () => {
  test.each([
    ['at the end', names, 'table public.books'],
    ['on its way', names.slice(0, 3), 'table public.books'],
    ['beyond the end', [...names, ...laterNames], 'table public.books'],
  ])('%s is refused by name, and let through by name', async (_, ran, id) => {
    await bed.at(ran, async (database) => {
      await query(
        database,
        'ALTER TABLE books ALTER title SET NOT NULL; CREATE INDEX extra ON authors (name)',
      );
      await refused(
        database,
        {},
        {
          code: 'DATABASE_DRIFTED',
          message: expect.stringMatching(/index public\.extra: extra\n {2}table public\.books: changed/),
        },
      );
      await refused(
        database,
        { acceptDrift: [id] },
        { code: 'DATABASE_DRIFTED', message: expect.not.stringContaining(id) },
      );
      const acceptDrift = [id, 'index public.extra', 'table public.another'];
      const { adoption } = await up(await bed.settings(database), { acceptDrift });
      expect(adoption).toMatchObject({ kind: 'adopted', rows: 4 });
      const { rows } = await query(database, 'SELECT accepted FROM knex_migrations_revision');
      expect(rows).toEqual([
        {
          accepted: [
            { id: 'index public.extra', change: 'extra' },
            { id, change: 'changed' },
          ],
        },
      ]);
    });
  });

  test('status says so', async () => {
    await bed.at(names, async (database) => {
      await query(database, 'DROP VIEW titles');
      expect((await status(await bed.settings(database))).state).toMatchObject({
        kind: 'drifted',
        differences: [{ id: 'view public.titles', change: 'missing' }],
      });
    });
  });
});

describe('what nobody knows is refused', () => {
  test('ghosts', async () => {
    await bed.at(names, async (database) => {
      await query(database, `INSERT INTO knex_migrations (name, batch) VALUES ('ghost.cjs', 2)`);
      await refused(database, {}, { code: 'LEDGER_MISMATCH', message: expect.stringContaining('ghost.cjs') });
      expect((await status(await bed.settings(database))).state).toEqual({
        kind: 'ghosts',
        ghosts: ['ghost.cjs'],
      });
    });
  });

  test('objects without a ledger', async () => {
    await bed.at(names, async (database) => {
      await query(database, 'TRUNCATE knex_migrations');
      await refused(database, {}, { code: 'DATABASE_FOREIGN' });
    });
  });

  test('a half-run migration without a transaction', async () => {
    await bed.at(names, async (database) => {
      await query(
        database,
        `CREATE TABLE knex_migrations_progress (id serial PRIMARY KEY, name text, direction text, batch int,
        state text, run int, started_at timestamptz DEFAULT now(), ended_at timestamptz);
        INSERT INTO knex_migrations_progress (name, direction, batch, state, run) VALUES ('5_shelves.cjs', 'up', 2, 'started', 1)`,
      );
      await refused(
        database,
        {},
        { code: 'MIGRATION_INTERRUPTED', message: expect.stringContaining('5_shelves.cjs') },
      );
    });
  });
});

describe('order', () => {
  test('one that makes no difference is adopted', async () => {
    const [first = '', second = '', ...rest] = names;
    await bed.at([second, first, ...rest], async (database) => {
      expect((await status(await bed.settings(database))).state.kind).toBe('out of order');
      expect(await up(await bed.settings(database))).toMatchObject({
        adoption: { kind: 'adopted' },
        ran: laterNames,
      });
      expect(await dumpOf(database)).toBe(whole);
    });
  });

  test('a hole is filled where that makes no difference', async () => {
    const [first = '', second = '', ...rest] = names;
    await bed.at([second], async (database) => {
      expect(await up(await bed.settings(database))).toMatchObject({
        adoption: { caughtUp: [first, ...rest] },
      });
      expect(await dumpOf(database)).toBe(whole);
    });
  });

  test.each([
    [
      'one that is impossible',
      'UPDATE knex_migrations SET id = 9 - id',
      "in an order in which they can't run: the migration",
    ],
    [
      'one of a name that is there twice',
      `INSERT INTO knex_migrations (name, batch) VALUES ('1_authors.cjs', 1)`,
      'more than one row for "1_authors.cjs"',
    ],
  ])('%s is refused', async (_, sql, message) => {
    await bed.at(names.slice(0, 3), async (database) => {
      await query(database, sql);
      await refused(database, {}, { code: 'LEDGER_MISMATCH', message: expect.stringContaining(message) });
    });
  });

  test('a row stands after rows that were brought in past the sequence', async () => {
    await bed.at(names.slice(0, 2), async (database) => {
      await query(database, 'UPDATE knex_migrations SET id = id + 1000');
      expect(await up(await bed.settings(database))).toMatchObject({
        adoption: { caughtUp: names.slice(2) },
      });
      expect(await ledgerOf(database)).toEqual([`1001 ${bed.baseline}:1`, '1005 5_shelves.cjs:2']);
    });
  });
});

describe('files that were edited are refused', () => {
  const edited = async (path: string, text: string, fn: () => Promise<void>) => {
    const file = join(bed.root, path);
    const before = await readFile(file, 'utf8').catch(() => null);
    await writeFile(file, text);
    try {
      await fn();
    } finally {
      if (before === null) await rm(file);
      else await writeFile(file, before);
    }
  };

  test('the baseline', async () => {
    const path = `migrations/${bed.baseline}`;
    const text = await readFile(join(bed.root, path), 'utf8');
    for (const altered of [text.replace('Ada', 'Eve'), text.replace(/"sha256": "./, '"sha256": "0')]) {
      expect(altered).not.toBe(text);
      await edited(path, altered, async () => {
        for (const ran of [names, names.slice(0, 2), []]) {
          await bed.at(ran, (database) => refused(database, {}, { code: 'BASELINE_TAMPERED' }));
        }
      });
    }
    await edited(path, text.replaceAll('\n', '\r\n'), async () => {
      await bed.at(names, async (database) => {
        expect((await status(await bed.settings(database))).state.kind).toBe('full');
      });
    });
  });

  test('an original that came back', async () => {
    const text = await readFile(join(bed.root, 'originals/4_titles.cjs'), 'utf8');
    for (const [content, reason] of [
      [text, 'lies beside the baseline'],
      [`${text}// edited`, 'was edited after'],
    ]) {
      await edited('migrations/4_titles.cjs', content ?? '', async () => {
        await bed.at(names, (database) =>
          refused(
            database,
            {},
            { code: 'BASELINE_TAMPERED', message: expect.stringContaining(`4_titles.cjs ${reason}`) },
          ),
        );
      });
    }
  });

  test('the archive', async () => {
    const [stamp = ''] = await readdir(join(bed.root, 'backups'));
    await edited(`backups/${stamp}/migrations/4_titles.cjs`, 'edited', async () => {
      await bed.at(names.slice(0, 3), (database) => refused(database, {}, { code: 'ARCHIVE_INVALID' }));
      // Who ran all of it needs no archive.
      await bed.at(names, async (database) => {
        expect(await adopt(await bed.settings(database))).toMatchObject({ outcome: { kind: 'adopted' } });
      });
    });
    await rename(join(bed.root, 'backups'), join(bed.root, 'elsewhere'));
    try {
      await bed.at(names.slice(0, 3), (database) =>
        refused(
          database,
          {},
          { code: 'ARCHIVE_MISSING', hint: expect.stringContaining('backups/<timestamp>') },
        ),
      );
    } finally {
      await rename(join(bed.root, 'elsewhere'), join(bed.root, 'backups'));
    }
  });
});

describe('branches in flight', () => {
  const withFile = async (name: string, text: string, fn: () => Promise<void>) => {
    await writeFile(join(bed.root, 'migrations', name), text);
    try {
      await fn();
    } finally {
      await rm(join(bed.root, 'migrations', name));
    }
  };
  const creates = (sql: string) =>
    `exports.up = (knex) => knex.raw("${sql}");\nexports.down = async () => {};\n`;

  test('one that fits behind the baseline is accepted', async () => {
    await withFile('3_branch.cjs', creates('CREATE TABLE branch (id int)'), async () => {
      for (const ran of [[], names, [...names, ...laterNames]]) {
        await bed.at(ran, async (database) => {
          const settings = await bed.settings(database);
          expect((await status(settings)).branches).toEqual([
            { name: '3_branch.cjs', verdict: 'accepted', reason: null },
          ]);
          expect((await up(settings)).ran).toContain('3_branch.cjs');
        });
      }
    });
  });

  test('one that does not is refused with the reason', async () => {
    await withFile('3_branch.cjs', creates('ALTER TABLE books ADD title text'), async () => {
      await bed.at(names, async (database) => {
        const error = {
          code: 'MIGRATION_OUT_OF_ORDER',
          message: expect.stringContaining(
            'column \\"title\\" of relation \\"books\\" already exists'.replaceAll('\\', ''),
          ),
        };
        await refused(database, {}, error);
        expect((await status(await bed.settings(database))).branches).toMatchObject([{ verdict: 'refused' }]);
      });
    });
    await withFile('0_branch.cjs', creates('CREATE TABLE branch (id int)'), async () => {
      await bed.at(names, (database) =>
        refused(
          database,
          {},
          { code: 'MIGRATION_OUT_OF_ORDER', message: expect.stringContaining('later timestamp') },
        ),
      );
    });
  });
});
