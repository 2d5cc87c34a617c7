import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { withClient } from '../src/database/client.js';
import { importedOf, relativeImports } from '../src/history/imports.js';
import { up } from '../src/migrate.js';
import { datedObjects } from '../src/proof/dated.js';
import { squash } from '../src/squash.js';
import { settingsOf } from './support/example.js';
import { withProject } from './support/project.js';
import { withDatabase } from './support/server.js';

/** Migrations that take views from each other, and a constant from beside their folder. */
const files = {
  'package.json': '{}',
  'stamps.js': "module.exports = 'made';",
  'migrations/1_table.js': `const stamp = require('../stamps');
exports.up = (knex) => knex.schema.createTable('t', (t) => { t.increments(); t.text(stamp); });
exports.down = (knex) => knex.schema.dropTable('t');`,
  'migrations/2_view.js': `const column = require("../stamps");
exports.view = 'CREATE OR REPLACE VIEW v AS SELECT id, ' + column + ' FROM t';
exports.up = (knex) => knex.raw(exports.view);
exports.down = (knex) => knex.raw('DROP VIEW v');`,
  'migrations/3_again.ts': `import { view } from './2_view';
export const up = (knex: any) => knex.raw('DROP VIEW v').then(() => knex.raw(view + ' WHERE id > 1'));
export const down = async () => {};`,
  'migrations/4_once_more.js': `const { up, down } = require('./3_again.ts');
exports.up = (knex) => up(knex); exports.down = down;`,
};

const names = Object.keys(files).flatMap((path) =>
  path.startsWith('migrations/') ? path.slice('migrations/'.length) : [],
);

async function viewOf(database: ClientConfig): Promise<string> {
  const { rows } = await withClient(database, (client) =>
    client.query<{ text: string }>(`SELECT pg_get_viewdef('v') AS text`),
  );
  return rows[0]?.text ?? '';
}

test('relative imports are found, whatever their form', () => {
  const source = `import a from './a'; export * from "../b.js"; const c = require( './c' ); await import(\`./d.ts\`);
    import 'knex'; require('node:fs'); knex.raw('./e')`;
  expect(relativeImports(source)).toEqual(['./a', '../b.js', './c', './d.ts']);
  expect(importedOf(source, '/m/1.ts', ['/m/a.ts', '/b.ts', '/m/e.ts'])).toEqual(['/m/a.ts', '/b.ts']);
});

test.each([1, 2, 3])(
  'a database at %i of 4 catches up with originals that import each other',
  async (ran) => {
    await withDatabase((database) =>
      withProject(files, async (root) => {
        const settings = await settingsOf(root, database);
        await up(settings, { to: names[ran - 1] ?? '' });
        await squash(settings, { adopt: false });
        const { adoption } = await up(settings);
        expect(adoption).toMatchObject({ kind: 'adopted', caughtUp: names.slice(ran) });
        expect(await viewOf(database)).toContain('id > 1');
      }),
    );
  },
);

test('what stays a file and imports what would be replaced is refused by name', async () => {
  await withDatabase((database) =>
    withProject(files, async (root) => {
      const settings = await settingsOf(root, database);
      await expect(squash(settings, { to: '2_view.js' })).rejects.toMatchObject({
        code: 'MIGRATION_INVALID',
        message: '"3_again.ts" imports 2_view.js, which would be replaced',
      });
      await rm(join(root, 'migrations/3_again.ts'));
      await rm(join(root, 'migrations/4_once_more.js'));
      expect(await squash(settings, { to: '1_table.js' })).toMatchObject({ replaces: ['1_table.js'] });
    }),
  );
});

test('an object that the history builds anew each time is each database’s own', async () => {
  const chance = {
    'migrations/1_t.js': `const { randomUUID } = require('node:crypto');
exports.up = (knex) => knex.raw("CREATE TABLE t (id uuid DEFAULT '" + randomUUID() + "', n int DEFAULT 1)");
exports.down = (knex) => knex.schema.dropTable('t');`,
  };
  await withDatabase((database) =>
    withProject(chance, async (root) => {
      const settings = await settingsOf(root, database);
      const rows = { ...settings.rows, unstable: { 'default public.t.id': 'first' as const } };
      await up(settings);
      const result = await squash({ ...settings, rows });
      expect(result).toMatchObject({ adoption: { kind: 'adopted', accepted: [] } });
    }),
  );
  await withDatabase((database) =>
    withProject(chance, async (root) => {
      const settings = await settingsOf(root, database);
      const rows = { ...settings.rows, unstable: { 'default public.t.id': 'first' as const } };
      await up(settings);
      await withClient(database, (client) => client.query('ALTER TABLE t ALTER n SET DEFAULT 2'));
      const { adoption } = (await squash({ ...settings, rows })) as { adoption: unknown };
      expect(adoption).toMatchObject({
        kind: 'drifted',
        differences: [expect.objectContaining({ id: 'default public.t.n' })],
      });
    }),
  );
});

test('a default import of a CommonJS module is what that module exports', async () => {
  const project = {
    'node_modules/shout/index.js': "module.exports = (word) => word + '_loud'; module.exports.twice = 2;",
    'migrations/1_t.ts': `import shout, { twice } from 'shout';
export const up = (knex: any) => knex.schema.createTable(shout('t') + twice, (t: any) => t.increments());
export const down = async () => {};`,
  };
  await withDatabase((database) =>
    withProject(project, async (root) => {
      await up(await settingsOf(root, database));
      await withClient(database, (client) => client.query('SELECT FROM t_loud2'));
    }),
  );
});

test('a name with the day of the replay counts, unless a migration spells it out', () => {
  const noon = Date.UTC(2026, 10, 26, 12);
  const objects = [
    'table public.events_20261126',
    'index public."2026-11-26"',
    'table public.t_20261127',
  ].map((id) => ({ id, kind: 'table' }));
  expect(datedObjects(objects, [noon], [])).toEqual(objects.slice(0, 2).map(({ id }) => id));
  expect(datedObjects(objects, [noon], ["createTable('events_20261126')"])).toEqual([objects[1]?.id]);
});
