import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { withClient } from '../src/database/client.js';
import { up } from '../src/migrate.js';
import { writeObjects } from '../src/object-files.js';
import { settingsOf } from './support/example.js';
import { withProject } from './support/project.js';
import { pgDump, withDatabase } from './support/server.js';

/** A view on which three others build, and a materialized view on one of these; with all that can hang on them. */
const base = `
  DO $$ BEGIN CREATE ROLE knex_squash_reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
  DO $$ BEGIN CREATE ROLE knex_squash_owner; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
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
  CREATE VIEW names WITH (security_invoker = true) AS SELECT symbol FROM gene_scores;
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
  await withBed(async ({ settings }) => {
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
