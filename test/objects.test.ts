import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { withClient } from '../src/database/client.js';
import { failpoints } from '../src/failpoint.js';
import { listHistory } from '../src/history/files.js';
import { up } from '../src/migrate.js';
import { writeObjects } from '../src/object-files.js';
import { loadSettings } from '../src/settings/load.js';
import { squash } from '../src/squash.js';
import { status } from '../src/status.js';
import { runCli } from './support/cli.js';
import { settingsOf, urlOf } from './support/example.js';
import { withProject } from './support/project.js';
import { pgDump, testServer, withDatabase } from './support/server.js';
import { withStockKnex } from './support/squashed.js';

/** A view on which three others build, and a materialized view on one of these; with all that can hang on them. */
const base = `
  CREATE TABLE genes (id int PRIMARY KEY, symbol text NOT NULL, score numeric(5, 2), note text);
  INSERT INTO genes VALUES (1, 'PKD1', 9.5, 'a'), (2, 'PKD2', 3.25, NULL);
  CREATE VIEW gene_scores AS SELECT id, symbol, score FROM genes WHERE score > 1;
  COMMENT ON VIEW gene_scores IS 'What counts; isn''t all';
  COMMENT ON COLUMN gene_scores.symbol IS 'HGNC';
  GRANT SELECT ON gene_scores TO knex_squash_reader;
  GRANT UPDATE (symbol) ON gene_scores TO knex_squash_reader WITH GRANT OPTION;
  CREATE VIEW best AS SELECT * FROM gene_scores WHERE score > 5;
  GRANT SELECT, INSERT ON best TO knex_squash_reader;
  ALTER VIEW best OWNER TO knex_squash_owner;
  GRANT SELECT ON gene_scores, genes TO knex_squash_owner;
  CREATE VIEW names WITH (security_barrier = true) AS SELECT symbol FROM gene_scores;
  COMMENT ON VIEW names IS 'Names alone';
  CREATE FUNCTION rename_gene() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
  CREATE TRIGGER on_names INSTEAD OF UPDATE ON names FOR EACH ROW EXECUTE FUNCTION rename_gene();
  COMMENT ON TRIGGER on_names ON names IS 'Renames';
  CREATE VIEW both_lists AS SELECT b.id, n.symbol FROM best b JOIN names n USING (symbol) JOIN gene_scores s ON s.id = b.id;
  CREATE RULE keep AS ON DELETE TO both_lists DO INSTEAD NOTHING;
  CREATE MATERIALIZED VIEW ranking AS SELECT id, symbol, score, rank() OVER (ORDER BY score DESC) FROM gene_scores;
  CREATE UNIQUE INDEX ranking_id ON ranking (id);
  CREATE INDEX ranking_symbol ON ranking (lower(symbol)) WITH (fillfactor = 70);
  COMMENT ON INDEX ranking_id IS 'For REFRESH CONCURRENTLY';
  COMMENT ON MATERIALIZED VIEW ranking IS 'Ranks';
  GRANT SELECT ON ranking TO PUBLIC;
  CREATE VIEW winners AS SELECT symbol FROM ranking WHERE rank = 1;
  ALTER TABLE genes ENABLE ROW LEVEL SECURITY;
  CREATE POLICY readers ON genes FOR SELECT TO knex_squash_reader USING (score > 0);
  CREATE TRIGGER guard BEFORE UPDATE ON genes FOR EACH ROW EXECUTE FUNCTION rename_gene();
  CREATE FUNCTION twice(amount int) RETURNS int LANGUAGE sql IMMUTABLE RETURN amount * 2;
  CREATE FUNCTION twice(amount text) RETURNS text LANGUAGE sql AS 'SELECT amount || amount';
  CREATE PROCEDURE tidy(INOUT count int) LANGUAGE plpgsql AS $$ BEGIN count := 0; END $$;`;

const files = {
  'migrations/1_genes.cjs': `exports.up = (knex) => knex.raw(${JSON.stringify(base)}.replaceAll('?', '\\\\?')); exports.down = () => {};`,
};

beforeAll(() =>
  withClient(testServer(), async (client) => {
    // Safe when other tests do the same at the same time.
    for (const role of ['knex_squash_reader', 'knex_squash_owner']) {
      await client.query(
        `DO $$ BEGIN CREATE ROLE ${role}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
      );
    }
  }),
);

interface Bed {
  readonly root: string;
  readonly database: ClientConfig;
  readonly settings: Awaited<ReturnType<typeof settingsOf>>;
  /** Lets a file say something else. */
  edit(path: string, change: (text: string) => string): Promise<void>;
  query(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Schema and rows by the real pg_dump, the tables of the migration tool left out. */
  dump(): Promise<readonly string[]>;
}

/** A database that ran the migration, and a project that has a file for each of its objects. */
async function withBed(fn: (bed: Bed) => Promise<void>): Promise<void> {
  await withDatabase((database) =>
    withProject(files, async (root) => {
      const settings = await settingsOf(root, database);
      await up(settings);
      if ((await pgDump(database, [])) === null) {
        console.warn(`skipped: no pg_dump of this server's major is installed`);
        return;
      }
      await writeObjects(settings);
      const query: Bed['query'] = (sql) =>
        withClient(database, async (client) => (await client.query(sql)).rows);
      await fn({
        root,
        database,
        settings,
        query,
        edit: async (path, change) => {
          const full = join(root, 'migrations/objects', path);
          const text = await readFile(full, 'utf8');
          expect(change(text)).not.toBe(text);
          await writeFile(full, change(text));
        },
        dump: async () => ((await pgDump(database, ['--exclude-table=knex_migrations*'])) ?? '').split('\n'),
      });
    }),
  );
}

test('every object has a file, and a second look changes nothing', async () => {
  await withBed(async ({ root, settings }) => {
    expect(await readFile(join(root, 'migrations/objects', paths.scores), 'utf8')).toMatch(
      /^CREATE OR REPLACE VIEW public\.gene_scores AS\n SELECT (genes\.)?id,\n[^;]*;\n$/,
    );
    const again = await writeObjects(settings);
    expect(again.written).toEqual([]);
    expect(again.unchanged).toEqual([
      'public/function/rename_gene().sql',
      'public/function/twice(integer).sql',
      'public/function/twice(text).sql',
      'public/materialized-view/ranking.sql',
      'public/policy/genes.readers.sql',
      'public/procedure/tidy(INOUT integer).sql',
      'public/trigger/genes.guard.sql',
      'public/trigger/names.on_names.sql',
      'public/view/best.sql',
      'public/view/both_lists.sql',
      'public/view/gene_scores.sql',
      'public/view/names.sql',
      'public/view/winners.sql',
    ]);
    expect((await up(settings)).objects).toEqual({
      created: [],
      changed: [],
      rebuilt: [],
      dropped: [],
      orphans: [],
    });
  });
});

test('a view on which three others and a materialized view build takes another definition, and pg_dump shows only that', async () => {
  await withBed(async ({ settings, edit, dump, query }) => {
    const before = await dump();
    expect(before.length).toBeGreaterThan(100);
    // A column of another type comes in between, which no CREATE OR REPLACE can do.
    await edit('public/view/gene_scores.sql', (text) =>
      text
        .replace('genes.symbol,', 'upper(genes.note) AS note,\n    genes.symbol,')
        .replace('(1)::numeric', '(2)::numeric'),
    );
    const { objects } = await up(settings);
    expect(objects?.changed).toEqual(['view public.gene_scores']);
    expect(objects?.rebuilt).toEqual([
      'view public.best',
      'view public.names',
      'view public.both_lists',
      'materialized view public.ranking',
      'view public.winners',
      'index public.ranking_id',
      'index public.ranking_symbol',
      'rule keep ON public.both_lists',
      'trigger on_names ON public.names',
    ]);
    const after = await dump();
    const gone = before.filter((line) => !after.includes(line));
    const come = after.filter((line) => !before.includes(line));
    expect(gone).toEqual(['  WHERE (genes.score > (1)::numeric);']);
    expect(come).toEqual(['    upper(genes.note) AS note,', '  WHERE (genes.score > (2)::numeric);']);
    expect(after).toHaveLength(before.length + 1);
    expect(await query('SELECT symbol FROM winners')).toEqual([{ symbol: 'PKD1' }]);
    expect(await query('SELECT id, rank::int FROM ranking ORDER BY id')).toEqual([
      { id: 1, rank: 1 },
      { id: 2, rank: 2 },
    ]);
    expect((await up(settings)).objects?.changed).toEqual([]);
  });
});

const paths = { scores: 'public/view/gene_scores.sql' };

test('what can be replaced in place is, with nothing dropped; two files that need each other find their order', async () => {
  await withBed(async ({ settings, edit, dump, query }) => {
    const before = await dump();
    const oids = () =>
      query("SELECT oid FROM pg_class WHERE relname IN ('ranking', 'best', 'gene_scores') ORDER BY 1");
    const were = await oids();
    await edit('public/view/best.sql', (text) =>
      text.replace('gene_scores.score', 'gene_scores.score,\n    gene_scores.note'),
    );
    await edit(paths.scores, (text) => text.replace('genes.score\n', 'genes.score,\n    genes.note\n'));
    await edit('public/function/twice(text).sql', (text) =>
      text.replace('amount || amount', 'amount || amount || amount'),
    );
    const { objects } = await up(settings);
    expect(objects?.rebuilt).toEqual([]);
    expect([...(objects?.changed ?? [])].sort()).toEqual([
      'function public.twice(text)',
      'view public.best',
      'view public.gene_scores',
    ]);
    expect(await oids()).toEqual(were);
    expect((await dump()).filter((line) => !before.includes(line))).toEqual([
      '    AS $$SELECT amount || amount || amount$$;',
      '    genes.score,',
      '    genes.note',
      '    gene_scores.note',
    ]);
  });
});

test('a new file makes its object, a removed one drops it only when asked, and never with others on it', async () => {
  await withBed(async ({ root, settings, dump, query }) => {
    const before = await dump();
    const folder = join(root, 'migrations/objects/public');
    await writeFile(
      join(folder, 'view/tops.sql'),
      '-- the best of the best\nCREATE VIEW tops AS SELECT * FROM bests;\n',
    );
    await writeFile(
      join(folder, 'materialized-view/bests.sql'),
      'CREATE MATERIALIZED VIEW bests AS SELECT * FROM best;\nCREATE UNIQUE INDEX bests_id ON bests (id);\n',
    );
    const { objects } = await up(settings);
    expect(objects?.created).toEqual(['materialized view public.bests', 'view public.tops']);
    expect(await query('SELECT symbol FROM tops')).toEqual([{ symbol: 'PKD1' }]);
    await rm(join(folder, 'materialized-view/bests.sql'));
    expect((await up(settings)).objects?.orphans).toEqual(['materialized view public.bests']);
    await expect(up(settings, { pruneObjects: true })).rejects.toMatchObject({
      code: 'OBJECT_IN_USE',
      message: expect.stringContaining('view public.tops'),
    });
    await rm(join(folder, 'view/tops.sql'));
    const pruned = await up(settings, { pruneObjects: true });
    expect(pruned.objects?.dropped).toEqual(['materialized view public.bests', 'view public.tops']);
    expect(await dump()).toEqual(before);
    expect(await query('SELECT path FROM knex_migrations_objects')).toHaveLength(13);
  });
});

test('where a dependant no longer builds nothing is changed, and it is named', async () => {
  await withBed(async ({ settings, edit, dump }) => {
    const before = await dump();
    await edit(paths.scores, (text) => text.replace(/ {4}genes\.symbol,\n/, ''));
    await expect(up(settings)).rejects.toMatchObject({
      code: 'OBJECT_IN_USE',
      message: expect.stringMatching(
        /view public\.\w+ no longer builds on public\/view\/gene_scores\.sql: column .*symbol/,
      ),
    });
    expect(await dump()).toEqual(before);
  });
});

test.each([
  [
    'a syntax error',
    paths.scores,
    (text: string) => text.replace('SELECT', 'SELEKT'),
    /gene_scores\.sql can't be applied: syntax error/,
  ],
  [
    'another object',
    paths.scores,
    (text: string) => text.replace('public.gene_scores', 'public.other'),
    /more would change than was meant: view public\.other|does not define/,
  ],
  [
    'more than itself',
    paths.scores,
    (text: string) => `${text}CREATE TABLE extra (id int);`,
    /more would change.*table public\.extra \(extra\)/,
  ],
  ['a COMMIT', paths.scores, (text: string) => `${text}COMMIT;`, /gene_scores\.sql says COMMIT/],
  [
    'a comment elsewhere',
    paths.scores,
    (text: string) => `${text}COMMENT ON TABLE genes IS 'x';`,
    /more would change.*table public\.genes \(comment\)/,
  ],
])('a file with %s is refused, and nothing is changed', async (_what, path, change, message) => {
  await withBed(async ({ settings, edit, dump, query }) => {
    const before = await dump();
    await edit(path, change);
    await expect(up(settings)).rejects.toMatchObject({
      code: 'OBJECT_FILE_INVALID',
      message: expect.stringMatching(message),
    });
    expect(await dump()).toEqual(before);
    expect(await query('SELECT is_locked FROM knex_migrations_lock')).toEqual([{ is_locked: 0 }]);
  });
});

test('triggers, policies and functions of another type change too; what a table is built on is refused', async () => {
  await withBed(async ({ settings, edit, dump, query }) => {
    await query(
      "COMMENT ON POLICY readers ON genes IS 'Who reads'; ALTER TABLE genes ADD doubled int DEFAULT twice(2)",
    );
    const before = await dump();
    await edit('public/policy/genes.readers.sql', (text) => text.replace('(0)::numeric', '(1)::numeric'));
    await edit('public/trigger/genes.guard.sql', (text) =>
      text.replace('BEFORE UPDATE', 'BEFORE INSERT OR UPDATE'),
    );
    await edit('public/function/twice(integer).sql', (text) =>
      text.replace('RETURNS integer', 'RETURNS bigint'),
    );
    const { objects } = await up(settings);
    expect(objects?.rebuilt).toEqual(['default public.genes.doubled']);
    const after = await dump();
    expect(before.filter((line) => !after.includes(line))).toHaveLength(3);
    expect(after.filter((line) => !before.includes(line))).toEqual([
      'CREATE FUNCTION public.twice(amount integer) RETURNS bigint',
      'CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON public.genes FOR EACH ROW EXECUTE FUNCTION public.rename_gene();',
      'CREATE POLICY readers ON public.genes FOR SELECT TO knex_squash_reader USING ((score > (1)::numeric));',
    ]);
    await query('ALTER TABLE genes ADD CONSTRAINT even CHECK (twice(id) > 0)');
    await edit('public/function/twice(integer).sql', (text) =>
      text.replace('RETURNS bigint', 'RETURNS integer'),
    );
    const untouched = await dump();
    await expect(up(settings)).rejects.toMatchObject({
      code: 'OBJECT_IN_USE',
      message: expect.stringContaining('constraint even ON public.genes'),
    });
    expect(await dump()).toEqual(untouched);
  });
});

test('default privileges and grants of grantees leave no trace on what is made again', async () => {
  await withBed(async ({ settings, edit, dump, query }) => {
    await query(`ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO knex_squash_owner;
      GRANT SELECT ON gene_scores TO knex_squash_reader WITH GRANT OPTION;
      SET ROLE knex_squash_reader; GRANT SELECT ON gene_scores TO PUBLIC; RESET ROLE`);
    const before = await dump();
    await edit(paths.scores, (text) => text.replace('genes.symbol,', 'genes.note,\n    genes.symbol,'));
    await up(settings);
    const after = await dump();
    expect(before.filter((line) => !after.includes(line))).toEqual([]);
    expect(after.filter((line) => !before.includes(line))).toEqual(['    genes.note,']);
  });
});

test('a definition that somebody altered by hand is put right, and one that a file already says is only recorded', async () => {
  await withBed(async ({ settings, query, dump }) => {
    const before = await dump();
    await query('CREATE OR REPLACE VIEW winners AS SELECT symbol FROM ranking WHERE rank < 3');
    expect((await up(settings)).objects?.changed).toEqual(['view public.winners']);
    expect(await dump()).toEqual(before);
    await query('DELETE FROM knex_migrations_objects');
    expect((await up(settings)).objects?.changed).toEqual([]);
    expect(await query('SELECT path FROM knex_migrations_objects')).toHaveLength(13);
  });
});

test('stock Knex and our list pass over the folder; a fresh database gets what migrations and files say', async () => {
  await withBed(async ({ root, settings, edit, dump }) => {
    await edit(paths.scores, (text) => text.replace('genes.symbol,', 'genes.note,\n    genes.symbol,'));
    await up(settings);
    const expected = await dump();
    expect((await listHistory(settings.migrations)).map(({ name }) => name)).toEqual(['1_genes.cjs']);
    await withDatabase(async (fresh) => {
      await withStockKnex(fresh, join(root, 'migrations'), async (knex) => {
        expect((await knex.migrate.latest())[1]).toEqual(['1_genes.cjs']);
        expect((await knex.migrate.list())[1]).toEqual([]);
      });
      const there = await settingsOf(root, fresh);
      expect((await status(there)).objects.changed).toEqual(['view public.gene_scores']);
      expect((await up(there)).objects?.changed).toEqual(['view public.gene_scores']);
      const dumped = ((await pgDump(fresh, ['--exclude-table=knex_migrations*'])) ?? '').split('\n');
      expect(dumped).toEqual(expected);
      expect((await status(there)).next).toBe('nothing to do');
    });
  });
});

test.each(failpoints.filter((step) => step.startsWith('objects.')))(
  'killed at %s all is as before or as after, and one more run completes it',
  async (step) => {
    await withBed(async ({ root, database, edit, dump }) => {
      const writes = step === 'objects.staged' || step === 'objects.written';
      const before = await dump();
      await edit(paths.scores, (text) => text.replace('genes.symbol,', 'genes.note,\n    genes.symbol,'));
      const args = [writes ? 'objects' : 'up'];
      const killed = await runCli(args, { root, database }, { KNEX_SQUASH_FAIL: `${step}:kill` });
      expect(killed).toMatchObject({ signal: 'SIGKILL' });
      const between = await dump();
      expect(between.includes('    genes.note,')).toBe(step === 'objects.committed');
      if (step !== 'objects.committed') expect(between).toEqual(before);
      expect(await runCli(args, { root, database })).toMatchObject({ code: 0 });
      expect((await dump()).includes('    genes.note,')).toBe(!writes);
      const left = await readdir(join(root, 'migrations/objects'), { recursive: true });
      expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
      const again = JSON.parse((await runCli(['objects', '--json', '--dry-run'], { root, database })).stdout);
      expect(again).toMatchObject({ schemaVersion: 1, written: [], without: [] });
    });
  },
);

test('of commands that run at once one applies a file, and the others find it done', async () => {
  await withBed(async ({ settings, edit, query }) => {
    await query('DROP TABLE knex_migrations_objects');
    await edit(paths.scores, (text) =>
      `-- by hand\n${text}`.replace('genes.symbol,', 'genes.note,\n    genes.symbol,'),
    );
    const results = await Promise.all([up(settings), up(settings), up(settings)]);
    expect(results.flatMap(({ objects }) => objects?.changed ?? [])).toEqual(['view public.gene_scores']);
    expect(results.flatMap(({ objects }) => objects?.rebuilt ?? [])).toHaveLength(9);
  });
});

test('a squash carries what files say, and a database that follows older files is no drifted one', async () => {
  await withBed(async ({ root, settings, edit, query }) => {
    await edit(paths.scores, (text) => text.replace('genes.symbol,', 'genes.note,\n    genes.symbol,'));
    await writeFile(
      join(root, 'migrations/objects/public/view/tops.sql'),
      'CREATE VIEW tops AS SELECT * FROM best;\n',
    );
    // Not applied here yet: the configured database has the older view and lacks the new one.
    const result = await squash(settings);
    expect(result).toMatchObject({ kind: 'squashed', adoption: { kind: 'adopted' } });
    const baseline = await readFile(join(root, result.baseline), 'utf8');
    expect(baseline).toMatch(/CREATE VIEW public\.gene_scores AS\n SELECT genes\.id,\n {4}genes\.note/);
    expect(baseline).toContain('CREATE VIEW public.tops');
    const { objects, adoption } = await up(settings);
    expect(adoption).toEqual({ kind: 'already adopted' });
    expect(objects).toMatchObject({ created: ['view public.tops'], changed: ['view public.gene_scores'] });
    await withDatabase(async (fresh) => {
      const there = await settingsOf(root, fresh);
      const built = await up(there);
      expect(built.objects).toMatchObject({ created: [], changed: ['view public.tops'], rebuilt: [] });
      expect((await up(there)).objects?.changed).toEqual([]);
      const dumpOf = async (database: ClientConfig) =>
        pgDump(database, ['--exclude-table=knex_migrations*', '--schema-only']);
      const { connection } = settings;
      expect(await dumpOf(fresh)).toBe(await dumpOf(connection as ClientConfig));
    });
    expect(await query('SELECT count(*)::int FROM knex_migrations')).toEqual([{ count: 1 }]);
  });
});

test('owner, grants and comments of an object with a file still count as drift', async () => {
  await withBed(async ({ settings, query }) => {
    await query(
      "COMMENT ON VIEW names IS 'By hand'; CREATE OR REPLACE VIEW winners AS SELECT symbol FROM ranking WHERE rank < 3",
    );
    const result = await squash(settings);
    expect(result).toMatchObject({
      adoption: {
        kind: 'drifted',
        differences: [{ id: 'view public.names', attributes: [{ name: 'comment' }] }],
      },
    });
  });
});

test('a project whose sessions take on a role keeps it: what files make belongs to it, and grants by others come back', async () => {
  await withClient(testServer(), (client) =>
    client.query('GRANT knex_squash_reader TO knex_squash_owner; ALTER ROLE knex_squash_owner CREATEDB'),
  );
  await withDatabase(async (database) => {
    await withClient(database, (client) => client.query('GRANT ALL ON SCHEMA public TO PUBLIC'));
    const knexfile = `module.exports = { client: 'pg', connection: ${JSON.stringify(urlOf(database))}, migrations: { directory: './migrations' },
      pool: { afterCreate: (client, done) => client.query('SET ROLE knex_squash_owner', (error) => done(error, client)) } };`;
    const scripts = {
      'knexfile.cjs': knexfile,
      'migrations/1_all.cjs': `exports.up = (knex) => knex.raw(\`CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a FROM t;
        GRANT SELECT ON v TO knex_squash_reader WITH GRANT OPTION; CREATE VIEW w AS SELECT a FROM v;
        SET LOCAL ROLE knex_squash_reader; GRANT SELECT ON v TO PUBLIC; SET LOCAL ROLE knex_squash_owner\`); exports.down = () => {};`,
    };
    await withProject(scripts, async (root) => {
      const settings = await loadSettings({ cwd: root, env: {}, flags: {} });
      await up(settings);
      await writeObjects(settings);
      const acls = `SELECT relname, relowner::regrole::text AS owner, relacl::text AS acl FROM pg_class WHERE relname IN ('v', 'w', 'x') ORDER BY 1`;
      const look = () => withClient(database, async (client) => (await client.query(acls)).rows);
      const before = await look();
      expect(before[0]).toMatchObject({
        owner: 'knex_squash_owner',
        acl: expect.stringContaining('=r/knex_squash_reader'),
      });
      const folder = join(root, 'migrations/objects/public/view');
      await writeFile(join(folder, 'v.sql'), 'CREATE OR REPLACE VIEW public.v AS SELECT b, a FROM t;');
      await writeFile(join(folder, 'x.sql'), 'CREATE VIEW public.x AS SELECT b FROM v;');
      expect((await up(settings)).objects).toMatchObject({
        rebuilt: ['view public.w'],
        created: ['view public.x'],
      });
      expect(await look()).toEqual([...before, { relname: 'x', owner: 'knex_squash_owner', acl: null }]);
    });
  });
});
