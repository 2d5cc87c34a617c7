import { join } from 'node:path';
import { withClient } from '../src/database/client.js';
import { replaceView } from '../src/replace-view.js';
import { withProject } from './support/project.js';
import { withDatabase } from './support/server.js';
import { withStockKnex } from './support/squashed.js';

const schema = `CREATE TABLE genes (id int PRIMARY KEY, symbol text, note text);
  INSERT INTO genes VALUES (1, 'PKD1', 'why?');
  CREATE VIEW scores AS SELECT id, symbol FROM genes;
  COMMENT ON VIEW scores IS 'Scores';
  GRANT SELECT ON scores TO PUBLIC;
  CREATE MATERIALIZED VIEW ranking AS SELECT id, symbol FROM scores;
  CREATE UNIQUE INDEX ranking_id ON ranking (id);
  COMMENT ON INDEX ranking_id IS 'Key';
  CREATE VIEW tops AS SELECT symbol FROM ranking`;

const state = `SELECT (SELECT json_agg(column_name ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = 'scores') AS columns,
  obj_description('scores'::regclass) AS comment, obj_description('ranking_id'::regclass) AS "indexComment",
  has_table_privilege('public', 'scores', 'SELECT') AS granted, (SELECT count(*)::int FROM tops) AS rows`;

/** Migrations get the function by a path, as they would by the package's name. */
const migrations = (body: string) => ({
  'migrations/1.cjs': `exports.up = (knex) => knex.raw(${JSON.stringify(schema)}.replaceAll('?', '\\\\?')); exports.down = () => {};`,
  'migrations/2.cjs': `exports.up = async (knex) => { const { replaceView } = globalThis.knexSquash; ${body} }; exports.down = () => {};`,
});

beforeAll(() => {
  Object.assign(globalThis, { knexSquash: { replaceView } });
});

async function run(
  body: string,
  fn: (outcome: {
    readonly error: Error | null;
    query(sql: string): Promise<readonly Record<string, unknown>[]>;
  }) => Promise<void>,
): Promise<void> {
  await withDatabase((database) =>
    withProject(migrations(body), (root) =>
      withStockKnex(database, join(root, 'migrations'), async (knex) => {
        const error = await knex.migrate.latest().then(
          () => null,
          (reason: Error) => reason,
        );
        await fn({
          error,
          query: (sql) => withClient(database, async (client) => (await client.query(sql)).rows),
        });
      }),
    ),
  );
}

test('by stock Knex a migration replaces a view under others, within its own transaction', async () => {
  await run(
    `await replaceView(knex, 'scores', "SELECT note, id, symbol FROM genes WHERE note LIKE '%?' OR id = 1");
     await knex('genes').insert({ id: 2, symbol: 'PKD2', note: (await knex('scores').first('note')).note });`,
    async ({ error, query }) => {
      expect(error).toBeNull();
      expect(await query(state)).toEqual([
        { columns: ['note', 'id', 'symbol'], comment: 'Scores', indexComment: 'Key', granted: true, rows: 1 },
      ]);
      expect(await query('SELECT note FROM genes WHERE id = 2')).toEqual([{ note: 'why?' }]);
    },
  );
});

test('what can no longer be built undoes the migration, which says why', async () => {
  await run(`await replaceView(knex, 'public.scores', 'SELECT id FROM genes');`, async ({ error, query }) => {
    expect(error?.message).toMatch(
      /materialized view public\.ranking no longer builds on the new definition of public\.scores: column .*symbol/,
    );
    // Stock Knex runs both migrations in one transaction.
    expect(await query("SELECT to_regclass('scores') AS scores")).toEqual([{ scores: null }]);
    expect(await query('SELECT name FROM knex_migrations')).toEqual([]);
  });
});

test('it takes whole statements, materialized views, names in quotes, and makes what is missing', async () => {
  await run(
    `const one = await replaceView(knex, 'ranking', 'SELECT symbol, id FROM scores');
     const two = await replaceView(knex, '"Odd ""x"', 'SELECT 1 AS a');
     const three = await replaceView(knex, 'bests', '-- all\\nCREATE MATERIALIZED VIEW bests AS SELECT 1 AS b');
     await knex.schema.createTable('told', (t) => t.jsonb('told'));
     await knex('told').insert({ told: JSON.stringify([one, two, three]) });`,
    async ({ error, query }) => {
      expect(error).toBeNull();
      expect((await query('SELECT told FROM told'))[0]?.told).toEqual([
        { view: 'public.ranking', rebuilt: ['view public.tops', 'index public.ranking_id'] },
        { view: 'public."Odd ""x"', rebuilt: [] },
        { view: 'public.bests', rebuilt: [] },
      ]);
      expect(await query('SELECT b FROM bests')).toEqual([{ b: 1 }]);
    },
  );
});

test('outside of a migration it has a transaction of its own; a table is refused', async () => {
  await withDatabase((database) =>
    withStockKnex(database, '.', async (knex) => {
      await knex.raw(schema.replaceAll('?', '\\?'));
      await expect(replaceView(knex, 'scores', 'SELECT id FROM genes')).rejects.toMatchObject({
        code: 'OBJECT_IN_USE',
      });
      await expect(replaceView(knex, 'genes', 'SELECT 1')).rejects.toMatchObject({ code: 'OBJECT_IN_USE' });
      expect((await replaceView(knex, 'scores', 'SELECT symbol, id FROM genes')).rebuilt).toHaveLength(3);
      expect((await knex.raw(state)).rows[0]).toMatchObject({ columns: ['symbol', 'id'], granted: true });
    }),
  );
});
