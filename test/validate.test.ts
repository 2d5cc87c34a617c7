import { rm } from 'node:fs/promises';
import type { ClientConfig } from 'pg';
import { withClient } from '../src/database/client.js';
import { dropSubscriptions } from '../src/database/shadow.js';
import { up } from '../src/migrate.js';
import { squash } from '../src/squash.js';
import type { ValidateResult } from '../src/validate/result.js';
import { validate } from '../src/validate.js';
import { runCli } from './support/cli.js';
import { settingsOf, treeOf, withExample } from './support/example.js';
import { createsTable, withProject, writeIn } from './support/project.js';
import { pgDump, psql, withDatabase } from './support/server.js';
import { type Bed, everythingOf, later, laterNames, lendBed, names } from './support/squashed.js';

let bed: Bed;
let release: () => Promise<void>;

beforeAll(async () => {
  [bed, release] = await lendBed({ more: later });
}, 60_000);

afterAll(() => release());

const run = (database: ClientConfig, sql: string) => withClient(database, (client) => client.query(sql));

const errors = ({ findings }: ValidateResult) =>
  findings.filter(({ severity }) => severity === 'error').map(({ check, object }) => [check, object]);

const changes = ({ differences }: ValidateResult) => differences.map(({ id, change }) => [id, change]);

describe('no false alarm', () => {
  test('on a database that ran the originals, the baseline, or a restored dump of either', async () => {
    const settings = { allowPending: true };
    const check = async (database: ClientConfig): Promise<void> => {
      const result = await validate(await bed.settings(database), settings);
      expect([changes(result), errors(result)]).toEqual([[], []]);
      expect(result.equal).toBe(true);
      const dump = await pgDump(database, []);
      if (dump === null) return console.warn('not tested on a restored dump: no pg_dump is installed');
      await withDatabase(async (restored) => {
        expect(await psql(restored, dump)).toBe('');
        const again = await validate(await bed.settings(restored), settings);
        expect([changes(again), errors(again), again.equal]).toEqual([[], [], true]);
      });
    };
    await bed.at(names, check);
    await bed.at([...names, ...laterNames], check);
    await bed.built(check);
    await bed.built(async (database) => {
      await up(await bed.settings(database));
      await check(database);
    });
    await bed.at(names, async (database) => {
      await up(await bed.settings(database));
      await check(database);
      expect(await validate(await bed.settings(database))).toMatchObject({ state: 'adopted', equal: true });
    });
  }, 120_000);

  test('on the example, by its chain and by its baseline; the second time nothing is replayed', async () => {
    await withExample(async ({ settings, database, root }) => {
      await up(settings);
      const first = await validate(settings);
      expect([changes(first), errors(first)]).toEqual([[], []]);
      expect(first).toMatchObject({ equal: true, replayed: true, trials: { views: 11, functions: 3 } });
      expect(await validate(settings)).toMatchObject({ equal: true, replayed: false });
      await squash(settings);
      const adopted = await validate(settings);
      expect([changes(adopted), errors(adopted)]).toEqual([[], []]);
      expect(
        adopted.counts.every(({ squashed, expected, found }) => squashed === expected && expected === found),
      ).toBe(true);
      await withDatabase(async (fresh) => {
        const other = await settingsOf(root, fresh);
        await up(other);
        const built = await validate(other);
        expect([changes(built), errors(built), built.equal]).toEqual([[], [], true]);
      });
      expect(database.database).toBeDefined();
    });
  }, 120_000);
});

test('a database that was found equal is recalled until anything in its catalog changes', async () => {
  await bed.at(names, async (database) => {
    const settings = await bed.settings(database);
    const look = async () => {
      const { equal, recalled, counts } = await validate(settings, { allowPending: true });
      return { equal, recalled, counts };
    };
    const first = await look();
    expect([first.equal, first.recalled]).toEqual([true, false]);
    expect(await look()).toEqual({ ...first, recalled: true });
    // Neither rows nor statistics nor another session's temporary tables are of the catalog, nor is another database's subscription.
    await withClient(database, async (other) => {
      await other.query('CREATE TEMPORARY TABLE passing (id serial PRIMARY KEY, n int CHECK (n > 0))');
      await run(database, 'CREATE ROLE known_to_nobody; ANALYZE; TRUNCATE knex_migrations_hashes');
      expect(await look()).toEqual({ ...first, recalled: true });
      await run(database, 'DROP ROLE known_to_nobody');
      await withDatabase(async (elsewhere) => {
        await run(
          elsewhere,
          "CREATE SUBSCRIPTION elsewhere CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)",
        );
        expect(await look()).toEqual({ ...first, recalled: true });
        await withClient(elsewhere, dropSubscriptions);
      });
    });
    const changes = ['CREATE TABLE by_hand (id int)', `COMMENT ON SCHEMA public IS 'ours'`];
    const undo = ['DROP TABLE by_hand', `COMMENT ON SCHEMA public IS 'standard public schema'`];
    for (const [at, change] of changes.entries()) {
      await run(database, change);
      expect([change, await look()]).toMatchObject([change, { equal: false, recalled: false }]);
      await run(database, undo[at] ?? '');
      expect([change, await look()]).toMatchObject([change, { equal: true }]);
    }
  });
}, 60_000);

test('reads the live database and writes nothing to it, even where it could', async () => {
  await bed.at(names, async (database) => {
    await run(database, 'CREATE TABLE by_hand (id int)');
    await run(
      database,
      `CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS 'INSERT INTO by_hand VALUES (1) RETURNING id'`,
    );
    await run(database, 'CREATE VIEW sly AS SELECT writes()');
    const name = String(database.database);
    await run(database, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    const before = [await everythingOf(database), await writersOf(database)];
    const files = await treeOf(bed.root);
    const result = await validate(await bed.settings(database));
    expect(changes(result)).toEqual([
      ['function public.writes()', 'extra'],
      ['table public.by_hand', 'extra'],
      ['view public.sly', 'extra'],
    ]);
    expect([await everythingOf(database), await writersOf(database)]).toEqual(before);
    const left = Object.entries(await treeOf(bed.root)).filter(([path]) => !path.startsWith('.knex-squash/'));
    expect(left).toEqual(Object.entries(files).filter(([path]) => !path.startsWith('.knex-squash/')));
  });
});

/** Which transactions have written the rows of every table, the server's own included. */
async function writersOf(database: ClientConfig): Promise<unknown> {
  return withClient(database, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT c.oid::regclass::text AS name FROM pg_class c
        WHERE c.relkind IN ('r', 'm') AND NOT c.relisshared AND c.relname NOT LIKE 'pg_statistic%' ORDER BY 1`,
    );
    const queries = rows.map(
      ({ name }) =>
        `SELECT '${name}' AS name, md5(coalesce(string_agg(ctid::text || xmin || xmax, ' '), '')) AS rows FROM ${name}`,
    );
    return (await client.query(queries.join(' UNION ALL '))).rows;
  });
}

describe('what no longer works', () => {
  const found = async (statements: string): Promise<readonly (readonly string[])[]> =>
    bed.at(names, async (database) => {
      await run(database, statements);
      const { findings } = await validate(await bed.settings(database), { allowPending: true });
      return findings
        .filter(({ check }) => check !== 'pending')
        .map(({ check, object, severity, message }) => [check, object, severity, message]);
    });

  test('a view over a function whose table is gone, and that function', async () => {
    const broken = await found(`
      CREATE TABLE rates (rate int);
      CREATE FUNCTION rate() RETURNS int LANGUAGE sql STABLE AS 'SELECT rate FROM rates';
      CREATE VIEW rated AS SELECT title, rate() FROM books;
      CREATE MATERIALIZED VIEW kept AS SELECT rate() AS r WITH NO DATA;
      DROP TABLE rates`);
    expect(broken).toEqual([
      [
        'broken',
        'function public.rate()',
        'error',
        expect.stringContaining('relation "rates" does not exist'),
      ],
      ['broken', 'materialized view public.kept', 'error', expect.stringContaining('"rates"')],
      ['broken', 'view public.rated', 'error', expect.stringContaining('"rates"')],
    ]);
  });

  test('a body in PL/pgSQL that is none; one that has a search_path of its own is looked at under it', async () => {
    const broken = await found(`
      SET check_function_bodies = off;
      CREATE FUNCTION torn() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1';
      CREATE SCHEMA inner_place; CREATE TABLE inner_place.t (a int);
      CREATE FUNCTION placed() RETURNS int LANGUAGE sql SET search_path = inner_place AS 'SELECT a FROM t';
      CREATE PROCEDURE torn(IN a int) LANGUAGE sql AS 'SELECT nowhere'`);
    expect(broken.map(([check, object]) => [check, object])).toEqual([
      ['broken', 'function public.torn()'],
      ['broken', 'procedure public.torn(IN integer)'],
    ]);
  });

  test('plpgsql_check is asked where it is installed: here one that complains of everything', async () => {
    // The real extension is no part of the embedded server.
    const broken = await found(`
      CREATE FUNCTION plpgsql_check_function_tb(funcoid regprocedure, relid regclass DEFAULT 0)
        RETURNS TABLE (lineno int, message text, level text) LANGUAGE sql
        AS $$ SELECT 3, 'asked about ' || funcoid::text || ' on ' || coalesce(relid::text, ''), 'error' $$;
      CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER touch BEFORE UPDATE ON books FOR EACH ROW EXECUTE FUNCTION touch()`);
    expect(broken).toEqual([
      ['broken', 'function public.f()', 'error', expect.stringContaining('asked about f() on - in line 3')],
      [
        'broken',
        'function public.touch()',
        'error',
        expect.stringContaining('asked about touch() on books in line 3'),
      ],
    ]);
  });

  test('an invalid index, a constraint that is NOT VALID, triggers that are disabled', async () => {
    const broken = await bed.at(names, async (database) => {
      await run(database, `INSERT INTO authors (name, role) VALUES ('Ada', 'guest')`);
      await run(database, 'CREATE UNIQUE INDEX CONCURRENTLY twice ON authors (name)').catch(() => {});
      await run(
        database,
        `ALTER TABLE books ADD CONSTRAINT titled CHECK (title <> '') NOT VALID;
         ALTER TABLE books DISABLE TRIGGER ALL;
         CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER touch BEFORE UPDATE ON books FOR EACH ROW EXECUTE FUNCTION touch();
         ALTER TABLE books DISABLE TRIGGER touch`,
      );
      return errors(await validate(await bed.settings(database), { allowPending: true }));
    });
    expect(broken).toEqual([
      ['disabled', 'constraint books_author_fkey ON public.books'],
      ['not validated', 'constraint titled ON public.books'],
      ['invalid index', 'index public.twice'],
      ['disabled', 'trigger touch ON public.books'],
    ]);
  });
});

describe('ledger and files', () => {
  test('pending, and pending before what has run', async () => {
    await bed.at(names.slice(0, 2), async (database) => {
      const result = await validate(await bed.settings(database));
      expect(changes(result)).toEqual([]);
      expect(errors(result)).toEqual([...names.slice(2), ...laterNames].map((name) => ['pending', name]));
    });
    await bed.built(async (database) => {
      await writeIn(bed.root, 'migrations/4_z.cjs', 'exports.up = async () => {};');
      try {
        expect(errors(await validate(await bed.settings(database)))).toEqual([['out of order', '4_z.cjs']]);
      } finally {
        await rm(`${bed.root}/migrations/4_z.cjs`);
      }
    });
  });

  test('a file that was edited after it ran here; how its lines end makes no difference', async () => {
    await withDatabase((database) =>
      withProject(
        { 'migrations/1.cjs': createsTable('a'), 'migrations/2.cjs': createsTable('b') },
        async (root) => {
          const settings = await settingsOf(root, database);
          await up(settings);
          await writeIn(root, 'migrations/1.cjs', createsTable('a').replaceAll('\n', '\r\n'));
          expect((await validate(settings)).equal).toBe(true);
          await writeIn(root, 'migrations/1.cjs', `${createsTable('a')}// more`);
          expect(errors(await validate(settings))).toEqual([['edited', '1.cjs']]);
          // What stock Knex ran again has no record.
          await run(database, `DELETE FROM knex_migrations WHERE name = '1.cjs'`);
          await run(
            database,
            `INSERT INTO knex_migrations (name, batch, migration_time) VALUES ('1.cjs', 2, now())`,
          );
          expect(errors(await validate(settings))).toEqual([]);
        },
      ),
    );
  });

  test('ghosts, a database without a ledger, an empty one', async () => {
    await bed.at(names, async (database) => {
      await run(
        database,
        `INSERT INTO knex_migrations (name, batch, migration_time) VALUES ('x.js', 9, now())`,
      );
      expect(errors(await validate(await bed.settings(database), { allowPending: true }))).toEqual([
        ['ghost', 'x.js'],
      ]);
      await run(database, 'DROP TABLE knex_migrations');
      const foreign = await validate(await bed.settings(database), { allowPending: true });
      expect(errors(foreign)).toEqual([['no ledger', 'ledger']]);
      // It was compared with the whole history.
      expect(changes(foreign)).toContainEqual(['table public.shelves', 'missing']);
    });
    await withDatabase(async (database) => {
      const empty = await validate(await bed.settings(database), { allowPending: true });
      expect(empty).toMatchObject({ equal: true, state: 'fresh', differences: [] });
    });
  });

  test('a baseline that was edited builds something else than it was proved with', async () => {
    await withExample(async ({ root, settings, database }) => {
      const squashed = await squash(settings);
      if (squashed.kind !== 'squashed') throw new Error('nothing was squashed');
      await up(settings);
      const text = squashed.text.replace(
        /CREATE VIEW public.gene_scores/,
        'CREATE VIEW public.gene_scores_ WITH (security_barrier) AS SELECT 1;\nCREATE VIEW public.gene_scores',
      );
      expect(text).not.toBe(squashed.text);
      await writeIn(root, squashed.baseline, text);
      const result = await validate(await settingsOf(root, database));
      expect(errors(result).map(([check]) => check)).toEqual(['edited', 'baseline']);
      expect(changes(result)).toEqual([['view public.gene_scores_', 'missing']]);
    });
  });
});

describe('what counts', () => {
  const drifted = `CREATE SCHEMA other; CREATE TABLE other.t (a int); CREATE TABLE tmp_1 (a int);
    DROP INDEX books_title; CREATE INDEX by_dba ON books (title)`;

  test('schemas, patterns, and the settings’ list of what is expected, each with its reason', async () => {
    await bed.at(names, async (database) => {
      await run(database, drifted);
      const settings = await bed.settings(database);
      const options = { allowPending: true };
      expect(changes(await validate(settings, { ...options, schemas: ['other'] })).map(([id]) => id)).toEqual(
        ['schema other', 'table other.t'],
      );
      expect(
        changes(await validate(settings, { ...options, ignore: ['* other*', 'table public.tmp_*'] })),
      ).toEqual([
        ['index public.books_title', 'missing'],
        ['index public.by_dba', 'extra'],
      ]);
      const expected = [
        { object: 'index public.by_dba', check: 'extra', reason: 'made by the DBA' },
        { object: 'index public.books_title', check: 'extra', reason: 'it is missing instead' },
      ];
      const validateSettings = { schemas: [], ignore: ['* other*', 'table public.tmp_*'], expected };
      const result = await validate({ ...settings, validate: validateSettings }, options);
      expect(changes(result)).toEqual([['index public.books_title', 'missing']]);
      expect(result.excused).toEqual([
        { object: 'index public.by_dba', check: 'extra', reason: 'made by the DBA' },
      ]);
      expect(result.findings.map(({ check, object }) => [check, object])).toContainEqual([
        'not expected any more',
        'index public.books_title',
      ]);
    });
  });

  test('the command line: a diff, JSON, annotations, exit 0, 1 and 2', async () => {
    await bed.at([...names, ...laterNames], async (database) => {
      const project = { root: bed.root, database };
      const equal = await runCli(['validate'], project);
      expect([equal.code, equal.stdout]).toEqual([
        0,
        expect.stringContaining('is what its 5 migrations say'),
      ]);
      await run(
        database,
        `CREATE OR REPLACE VIEW titles AS SELECT b.title, a.name FROM books b JOIN authors a ON a.id = b.author WHERE a.id > 1`,
      );
      const text = await runCli(['validate'], project);
      expect(text.code).toBe(2);
      expect(text.stdout).toMatch(/^view public\.titles was changed$/m);
      expect(text.stdout).toMatch(/^ {2}\+.*WHERE .*id > 1/m);
      const json = await runCli(['validate', '--json'], project);
      expect(json.code).toBe(2);
      expect(JSON.parse(json.stdout)).toMatchObject({
        schemaVersion: 1,
        equal: false,
        differences: [{ id: 'view public.titles', change: 'changed', diff: expect.stringContaining('@@ -') }],
      });
      const github = await runCli(['validate', '--format', 'github'], project);
      expect(github.stdout).toMatch(/^::error title=view public\.titles was changed::@@ [^\n]*%0A/m);
      const failed = await runCli(['validate', '--url', 'postgres://nobody@127.0.0.1:1/x'], project);
      expect(failed.code).toBe(1);
    });
  }, 60_000);
});
