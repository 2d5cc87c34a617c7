import fc from 'fast-check';
import type { ClientConfig } from 'pg';
import { withClient } from '../src/database/client.js';
import { up } from '../src/migrate.js';
import { figure, longTimeout, rounds } from './support/chaos.js';
import { type Bed, dumpOf, everythingOf, ledgerOf, lendBed } from './support/squashed.js';

const migration = (up: string) => `exports.up = (knex) => knex.raw(\`${up}\`);
exports.down = async () => {};
`;

/** Each leaves something that the catalog shows, since rows alone tell nobody who wrote them; 4 and 5 mind their order. */
const history = {
  'migrations/1_authors.cjs': migration(
    `CREATE TABLE authors (id serial PRIMARY KEY, name text NOT NULL); INSERT INTO authors (name) VALUES ('Ada')`,
  ),
  'migrations/2_tags.cjs': migration(
    `CREATE TABLE tags (id serial PRIMARY KEY, tag text); INSERT INTO tags (tag) VALUES ('new'), ('old')`,
  ),
  'migrations/3_books.cjs': migration(
    `CREATE TABLE books (id serial PRIMARY KEY, author int NOT NULL REFERENCES authors, title text); INSERT INTO books (author, title) SELECT id, name FROM authors WHERE name = 'Ada'`,
  ),
  'migrations/4_born.cjs': migration(
    `ALTER TABLE authors ADD born int; INSERT INTO authors (name, born) VALUES ('Bob', 1900)`,
  ),
  'migrations/5_died.cjs': migration(
    `ALTER TABLE authors ADD died int; INSERT INTO authors (name, died) VALUES ('Cy', 1950)`,
  ),
  'migrations/6_tagged.cjs': migration(
    `CREATE VIEW tagged AS SELECT tag FROM tags; CREATE INDEX tags_tag ON tags (tag)`,
  ),
};
const more = {
  'migrations/7_shelves.cjs': migration(
    'CREATE TABLE shelves (id int PRIMARY KEY); INSERT INTO shelves VALUES (1)',
  ),
};
const needs: Readonly<Record<string, string>> = {
  '3_books.cjs': '1_authors.cjs',
  '4_born.cjs': '1_authors.cjs',
  '5_died.cjs': '1_authors.cjs',
  '6_tagged.cjs': '2_tags.cjs',
};
const originals = Object.keys(history).map((path) => path.slice('migrations/'.length));
const last = '7_shelves.cjs';

let bed: Bed;
let release: () => Promise<void>;
let whole: string | null;

beforeAll(async () => {
  [bed, release] = await lendBed({ history, more });
  whole = await content(await bed.at([...originals, last], async (database) => dumpOf(database)));
  if (whole === null) console.warn('ledgers are not compared by pg_dump, which is not installed');
}, 120_000);

afterAll(() => release());

/** What a dump says, whatever the order in which a table's rows lie. */
async function content(dump: string | null): Promise<string | null> {
  if (dump === null) return null;
  const lines = dump.split('\n');
  const rows = lines.filter((line) => line.startsWith('INSERT INTO')).sort();
  return [...lines.filter((line) => !line.startsWith('INSERT INTO')), ...rows].join('\n');
}

/** Something that is not as the tool left it; `mustRefuse`: with it the ledger or the catalog says what isn't so. */
interface Edit {
  readonly label: string;
  readonly sql: string;
  readonly mustRefuse: boolean;
}

const ledger = 'knex_migrations';

function editsOf(ran: readonly string[]): readonly Edit[] {
  const first = ran[0] ?? '';
  const final = ran.at(-1) ?? '';
  const unrun = originals.find((name) => !ran.includes(name));
  const always: readonly Edit[] = [
    {
      label: 'a ghost',
      sql: `INSERT INTO ${ledger} (name, batch) VALUES ('9_ghost.cjs', 9)`,
      mustRefuse: true,
    },
    { label: 'a row is gone', sql: `DELETE FROM ${ledger} WHERE name = '${final}'`, mustRefuse: true },
    {
      label: 'another ending',
      sql: `UPDATE ${ledger} SET name = replace(name, '.cjs', '.ts') WHERE name = '${first}'`,
      mustRefuse: true,
    },
    {
      label: 'a row twice',
      sql: `INSERT INTO ${ledger} (name, batch) VALUES ('${first}', 1)`,
      mustRefuse: true,
    },
    { label: 'one batch', sql: `UPDATE ${ledger} SET batch = 1`, mustRefuse: false },
    { label: 'other ids', sql: `UPDATE ${ledger} SET id = id + 1000`, mustRefuse: false },
    { label: 'the ids backwards', sql: `UPDATE ${ledger} SET id = 5000 - id`, mustRefuse: false },
    { label: 'no times', sql: `UPDATE ${ledger} SET migration_time = NULL`, mustRefuse: false },
    { label: 'a table more', sql: 'CREATE TABLE extra ()', mustRefuse: true },
    {
      label: 'a comment',
      sql: `DO $$ BEGIN EXECUTE (SELECT format('COMMENT ON TABLE %s IS %L', min(oid::regclass::text), 'x') FROM pg_class WHERE relkind = 'r' AND relname IN ('authors', 'tags')); END $$`,
      mustRefuse: true,
    },
  ];
  if (unrun === undefined) return always;
  return [
    ...always,
    {
      label: 'a row too many',
      sql: `INSERT INTO ${ledger} (name, batch) VALUES ('${unrun}', 1)`,
      mustRefuse: true,
    },
  ];
}

/** What a database ran, in its order: none before what it needs. The later one only once all have run. */
const runs = fc
  .tuple(fc.shuffledSubarray(originals), fc.constantFrom('shuffled', 'prefix', 'all', 'more'), fc.nat(5))
  .map(([shuffled, kind, length]) => {
    if (kind === 'prefix') return originals.slice(0, length + 1);
    if (kind === 'all') return originals;
    if (kind === 'more') return [...originals, last];
    return shuffled.filter((name, place) => {
      const need = needs[name];
      return need === undefined || shuffled.slice(0, place).includes(need);
    });
  });

const cases = fc
  .record({ ran: runs, picks: fc.array(fc.nat(1_000), { maxLength: 2 }), isHonest: fc.boolean() })
  .map(({ ran, picks, isHonest }) => {
    const all = editsOf(ran);
    const chosen = isHonest || ran.length === 0 ? [] : picks.map((pick) => all[pick % all.length]);
    return { ran, edits: [...new Set(chosen)].filter((edit): edit is Edit => edit !== undefined) };
  });

const apply = (database: ClientConfig, { sql }: Edit) =>
  withClient(database, (client) => client.query(sql)).catch((error: { code?: string }) => {
    // Two edits may want the same row.
    if (error.code !== '23505' && error.code !== '42P07') throw error;
  });

const counts = { adopted: 0, refused: 0 };

async function holds(ran: readonly string[], edits: readonly Edit[]): Promise<void> {
  await bed.at(ran, async (database) => {
    for (const edit of edits) await apply(database, edit);
    const before = [await everythingOf(database), await ledgerOf(database)];
    const error: { code?: string } | null = await up(await bed.settings(database)).then(
      () => null,
      (thrown) => thrown,
    );
    if (error === null) {
      counts.adopted += 1;
      const found = (await ledgerOf(database)).map((row) => row.replace(/^\d+ |:\d+$/g, ''));
      expect([...found].sort()).toEqual([bed.baseline, last].sort());
      expect(await content(await dumpOf(database))).toBe(whole);
      expect(edits.filter(({ mustRefuse }) => mustRefuse).length === edits.length && edits.length === 1).toBe(
        false,
      );
      return;
    }
    counts.refused += 1;
    expect(error).toMatchObject({ code: expect.stringMatching(/^(LEDGER_MISMATCH|DATABASE_DRIFTED)$/) });
    expect([await everythingOf(database), await ledgerOf(database)]).toEqual(before);
    const isPrefix = originals.slice(0, ran.length).join() === ran.slice(0, originals.length).join();
    if (edits.length === 0 && isPrefix) throw new Error(`an honest ledger was refused: ${String(error)}`);
  });
}

test(
  'whatever a ledger says, its database ends as the full history left it, or untouched',
  async () => {
    const numRuns = rounds(14, 300);
    await fc.assert(
      fc.asyncProperty(cases, ({ ran, edits }) => holds(ran, edits)),
      // A failure is shown as it was found: to shrink it takes longer than to read it.
      { numRuns, endOnFailure: true },
    );
    expect(Math.min(counts.adopted, counts.refused)).toBeGreaterThan(0);
    figure(
      `random ledgers: ${numRuns}, ${counts.adopted} adopted and equal, ${counts.refused} refused and untouched`,
    );
  },
  longTimeout,
);
