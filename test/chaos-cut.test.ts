import type { ClientConfig } from 'pg';
import { withClient } from '../src/database/client.js';
import { up } from '../src/migrate.js';
import { undoAdoption } from '../src/restore.js';
import { figure, isLong, longTimeout, rounds } from './support/chaos.js';
import { type ProxyOptions, withProxy } from './support/proxy.js';
import { type Bed, dumpOf, later, laterNames, ledgerOf, lendBed, names } from './support/squashed.js';

let bed: Bed;
let release: () => Promise<void>;
let whole: string | null;

beforeAll(async () => {
  [bed, release] = await lendBed({ more: later });
  whole = isLong ? await bed.at([...names, ...laterNames], dumpOf) : null;
  // The expected catalogs are worked out once, so that what passes the proxy is the command itself.
  for (const ran of [names, names.slice(0, 2)])
    await bed.at(ran, async (database) => up(await bed.settings(database)));
});

afterAll(() => release());

const adoptions = async (database: ClientConfig): Promise<number> => {
  const { rows } = await withClient(database, (client) =>
    client.query(`SELECT to_regclass('knex_migrations_revision') IS NOT NULL AS there`),
  );
  if (rows[0].there !== true) return 0;
  const found = await withClient(database, (client) =>
    client.query('SELECT count(*)::int AS n FROM knex_migrations_revision'),
  );
  return found.rows[0].n;
};

const namesIn = async (database: ClientConfig) =>
  (await ledgerOf(database)).map((row) => row.replace(/^\d+ |:\d+$/g, ''));

interface Case {
  readonly ran: readonly string[];
  /** Whether the database has adopted before. */
  readonly isAdopted?: boolean;
  readonly command: (database: ClientConfig) => Promise<unknown>;
  /** Every ledger that it may be cut off at, the last one being the end. */
  readonly ledgers: () => readonly (readonly string[])[];
}

const cases: Readonly<Record<string, Case>> = {
  adopt: {
    ran: names,
    command: async (database) => up(await bed.settings(database), { to: laterNames[0] ?? '' }),
    ledgers: () => [names, [bed.baseline], [bed.baseline, ...laterNames]],
  },
  'catch up': {
    ran: names.slice(0, 2),
    command: async (database) => up(await bed.settings(database)),
    ledgers: () => [
      names.slice(0, 2),
      names.slice(0, 3),
      names,
      [bed.baseline],
      [bed.baseline, ...laterNames],
    ],
  },
  undo: {
    ran: names,
    isAdopted: true,
    command: async (database) => undoAdoption(await bed.settings(database)),
    ledgers: () => [
      [bed.baseline, ...laterNames],
      [...names, ...laterNames],
    ],
  },
};

const sorted = (list: readonly string[]) => [...list].sort();

/** Runs the command through a proxy that strikes, and looks at what is there; then runs it once more, unharmed. */
async function strike(
  { ran, isAdopted, command, ledgers }: Case,
  options: ProxyOptions,
): Promise<'survived' | 'failed'> {
  return bed.at(ran, async (database) => {
    if (isAdopted === true) await up(await bed.settings(database));
    const outcome = await withProxy(database, options, async (proxy) => {
      const result = await command(proxy.config).then(
        () => 'survived' as const,
        () => 'failed' as const,
      );
      expect(proxy.struck).toBeGreaterThan(0);
      return result;
    });
    const end = ledgers().at(-1) ?? [];
    expect(ledgers().map(sorted)).toContainEqual(sorted(await namesIn(database)));
    if (outcome === 'survived') expect(sorted(await namesIn(database))).toEqual(sorted(end));
    if (sorted(await namesIn(database)).join() !== sorted(end).join()) await command(database);
    expect(sorted(await namesIn(database))).toEqual(sorted(end));
    expect(await adoptions(database)).toBe(isAdopted === true ? 0 : 1);
    const { rows } = await withClient(database, (client) =>
      client.query(`SELECT is_locked FROM knex_migrations_lock`),
    );
    expect(rows).toEqual([{ is_locked: 0 }]);
    if (isLong) {
      const spelling = /CONSTRAINT authors_role_check .*/;
      expect((await dumpOf(database))?.replace(spelling, '')).toBe(whole?.replace(spelling, ''));
    }
    return outcome;
  });
}

/** How many bytes the command sends and gets, unharmed. */
async function measure({ ran, isAdopted, command }: Case): Promise<{ up: number; down: number }> {
  return bed.at(ran, async (database) => {
    if (isAdopted === true) await up(await bed.settings(database));
    return withProxy(database, {}, async ({ config, passed }) => {
      await command(config);
      return { ...passed };
    });
  });
}

describe.each(Object.entries(cases))('%s', (name, each) => {
  test(
    'a lost answer to any COMMIT is found out',
    async () => {
      for (let round = 0; round < rounds(1, 25); round++) {
        expect(
          await strike(each, {
            swallowAnswerTo: 'COMMIT',
            swallowAfter: 'INSERT INTO public.knex_migrations',
          }),
        ).toBe('survived');
      }
      figure(`lost COMMIT replies, ${name}: ${rounds(1, 25)} of ${rounds(1, 25)} found out`);
    },
    longTimeout,
  );

  test.each(['up', 'down'] as const)(
    'cut at any byte on the way %s',
    async (direction) => {
      const bytes = (await measure(each))[direction];
      const tries = rounds(3, 250);
      let survived = 0;
      for (let n = 0; n < tries; n++) {
        // Stratified: each try has a stretch of its own.
        const afterBytes = Math.floor(((n + Math.random()) / tries) * bytes);
        if ((await strike(each, { cut: { direction, afterBytes } })) === 'survived') survived += 1;
      }
      figure(
        `cut on the way ${direction}, ${name}: ${tries} places in ${bytes} bytes, 0 bad, ${survived} told as done`,
      );
    },
    longTimeout,
  );
});
