import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { listHistory } from '../src/history/files.js';
import type { Migration } from '../src/history/migration.js';
import { createsTable, migrationSettings, withProject, writeIn } from './support/project.js';

const { FsMigrations } = createRequire(import.meta.url)(
  'knex/lib/migrations/migrate/sources/fs-migrations.js',
);

const up = createsTable('t');
const names = (history: readonly Migration[]) => history.map(({ name }) => name);

describe('the order', () => {
  const files = {
    'a/10_b.js': up,
    'a/2_a.js': up,
    'a/Z_upper.js': up,
    'a/é_accent.js': up,
    'a/20_other.mjs': 'not loaded',
    'a/readme.md': 'no migration',
    'a/30_dts.d.ts': 'export {}',
    'b/05_first.ts': up,
    'b/3_mid.cjs': up,
    'b/z_lower.js': up,
  };

  test.each([
    { sortDirsSeparately: false, folders: ['a', 'b'] },
    { sortDirsSeparately: true, folders: ['a', 'b'] },
    { sortDirsSeparately: true, folders: ['b', 'a'] },
    { sortDirsSeparately: false, folders: ['b'] },
    { sortDirsSeparately: false, folders: ['a', 'b'], loadExtensions: ['.ts', '.mjs'] },
  ])('is that of Knex: %j', async ({ sortDirsSeparately, folders, loadExtensions }) => {
    await withProject(files, async (root) => {
      const settings = migrationSettings(root, {
        directories: folders.map((folder) => join(root, folder)),
        sortDirsSeparately,
        ...(loadExtensions === undefined ? {} : { loadExtensions }),
      });
      const knexSource = new FsMigrations(settings.directories, sortDirsSeparately, settings.loadExtensions);
      const expected = (await knexSource.getMigrations()).map(({ file }: { file: string }) => file);
      expect(names(await listHistory(settings))).toEqual(expected);
      expect(expected.length).toBeGreaterThan(1);
    });
  });

  test('of equal names in two folders is refused', async () => {
    await withProject({ 'a/1.js': up, 'b/1.js': up }, async (root) => {
      const directories = [join(root, 'a'), join(root, 'b')];
      await expect(listHistory(migrationSettings(root, { directories }))).rejects.toMatchObject({
        code: 'MIGRATION_DUPLICATE',
        message: `two migrations are named "1.js": ${directories[0]}/1.js and ${directories[1]}/1.js`,
      });
    });
  });
});

test('a file is hashed by its bytes', async () => {
  const text = `\uFEFF${up}\r\n`;
  await withProject({ 'migrations/1.js': text }, async (root) => {
    const [migration] = await listHistory(migrationSettings(root));
    expect(migration?.sha256).toBe(createHash('sha256').update(Buffer.from(text)).digest('hex'));
    expect(migration?.path).toBe(join(root, 'migrations/1.js'));
  });
});

test.each([
  ['no file', { 'migrations/readme.md': '' }, /no migration .* lies in .*migrations$/],
  ['no folder', {}, /the migration folder .*migrations doesn't exist/],
])('%s is HISTORY_EMPTY and names the folder', async (_, files, message) => {
  await withProject(files, async (root) => {
    await expect(listHistory(migrationSettings(root))).rejects.toMatchObject({
      code: 'HISTORY_EMPTY',
      message: expect.stringMatching(message),
    });
  });
});

test('a folder that looks like a migration is refused by name', async () => {
  await withProject({ 'migrations/1.js/index.js': up }, async (root) => {
    await expect(listHistory(migrationSettings(root))).rejects.toMatchObject({
      code: 'MIGRATION_INVALID',
      message: expect.stringContaining('migrations/1.js'),
    });
  });
});

describe('a custom source', () => {
  const source = (values: unknown[], name: (value: never) => string) => ({
    getMigrations: async () => values,
    getMigrationName: name,
    getMigration: async (value: never) => ({ up: async () => name(value), down: async () => {} }),
  });

  test('gives order, names, and files by folder and file, by name, and by path', async () => {
    await withProject({ 'migrations/b.js': up, 'migrations/a.js': up, 'other/c.js': up }, async (root) => {
      const values = [
        { file: 'b.js', directory: join(root, 'migrations') },
        { file: 'a.js' },
        { file: 'x', path: join(root, 'other/c.js') },
      ];
      const migrationSource = source(values, ({ file }: { file: string }) => file);
      const history = await listHistory(migrationSettings(root, { migrationSource }));
      expect(history.map(({ name, path }) => [name, path])).toEqual([
        ['b.js', join(root, 'migrations/b.js')],
        ['a.js', join(root, 'migrations/a.js')],
        ['x', join(root, 'other/c.js')],
      ]);
      // The source's own function is what runs, whatever the file says.
      expect(await (await history[2]?.load())?.up(undefined as never)).toBe('x');
    });
  });

  test('without files is hashed by its functions', async () => {
    await withProject({}, async (root) => {
      const listed = async (text: string) => {
        const migrationSource = {
          ...source(['one'], (value: string) => value),
          getMigration: async () => ({ up: new Function(`return ${text}`) as () => Promise<void> }),
        };
        const [migration] = await listHistory(migrationSettings(root, { migrationSource }));
        return migration;
      };
      const [first, same, other] = [await listed('1'), await listed('1'), await listed('2')];
      expect(first).toMatchObject({ name: 'one', path: null, sha256: same?.sha256 });
      expect(other?.sha256).not.toBe(first?.sha256);
    });
  });
});

describe('loading', () => {
  const load = (files: Record<string, string>) =>
    withProject(files, async (root) => {
      const [migration] = await listHistory(
        migrationSettings(root, { loadExtensions: ['.ts', '.js', '.mjs'] }),
      );
      return migration?.load();
    });

  test.each([
    [
      'CommonJS',
      { 'migrations/1.js': `exports.up = async () => 'ran'; exports.config = { transaction: false };` },
    ],
    [
      'a CommonJS default',
      {
        'migrations/1.js': `module.exports = { default: { up: async () => 'ran', config: { transaction: false } } };`,
      },
    ],
    [
      'an ES module',
      {
        'migrations/1.mjs': `export const up = async () => 'ran'; export const config = { transaction: false };`,
      },
    ],
    [
      'an ES module by its package',
      {
        'package.json': '{"type":"module"}',
        'migrations/1.js': `export default { up: async () => 'ran', config: { transaction: false } };`,
      },
    ],
    [
      'TypeScript',
      {
        'migrations/1.ts': `import { ran } from '../source'; enum E { A = 1 }\nexport async function up(knex: unknown): Promise<string> { return ran + (E.A - 1 || ''); }\nexport const config = { transaction: false };`,
        'source.ts': `export const ran: string = 'ran';`,
      },
    ],
    [
      'TypeScript by aliased paths',
      {
        'tsconfig.json': '{"compilerOptions":{"paths":{"@/*":["./lib/*"]}}}',
        'migrations/1.ts': `import { ran } from '@/source';\nexport async function up() { return ran; }\nexport const config = { transaction: false };`,
        'lib/source.ts': `export const ran: string = 'ran';`,
      },
    ],
    [
      'TypeScript that calls a CommonJS module and names its members, as without esModuleInterop',
      {
        'migrations/1.ts': `import * as ran from '../ran'; import * as path from 'node:path';
export const up = async () => ran(path.sep) && ran.word;
export const config = { transaction: false };`,
        'ran.js': `module.exports = Object.assign(() => true, { word: 'ran' });`,
      },
    ],
  ])('%s', async (_, files) => {
    const migration = await load(files);
    expect(await migration?.up(undefined as never)).toBe('ran');
    expect(migration?.config).toEqual({ transaction: false });
  });

  test.each([
    ['ts', 'export async function up()'],
    ['js', 'exports.up = async function up()'],
    ['mjs', 'export async function up()'],
  ])('is anew each time: %s', async (extension, head) => {
    const name = `migrations/1.${extension}`;
    const text = (result: string) => `let runs = 0; ${head} { return ${result}; }`;
    await withProject({ [name]: text('++runs') }, async (root) => {
      const settings = migrationSettings(root, { loadExtensions: [`.${extension}`] });
      const [migration] = await listHistory(settings);
      const run = async () => (await migration?.load())?.up(undefined as never);
      expect([await run(), await run()]).toEqual([1, 1]);
      await writeIn(root, name, text("'edited'"));
      expect(await run()).toBe('edited');
    });
  });

  test.each([
    ['an empty file', { 'migrations/1.ts': ' \n' }, /1\.ts is empty$/],
    [
      'a syntax error in TypeScript',
      { 'migrations/1.ts': `export async function up() {\n  f('x';\n}` },
      /1\.ts:2:8 isn't valid: Unexpected token/,
    ],
    [
      'a syntax error in an ES module',
      { 'migrations/1.mjs': `export async function up() {\n  f('x';\n}` },
      /1\.mjs:2:8 isn't valid/,
    ],
    ['no up', { 'migrations/1.js': 'exports.down = () => {};' }, /1\.js exports no function `up`$/],
    ['an up that is no function', { 'migrations/1.js': 'exports.up = 1;' }, /exports no function `up`$/],
    ['nothing', { 'migrations/1.js': 'module.exports = null;' }, /exports no function `up`$/],
    [
      'a missing import',
      { 'migrations/1.ts': `import x from './nowhere'; export const up = () => x;` },
      /1\.ts can't be loaded: Cannot find module/,
    ],
    [
      'a throw',
      { 'migrations/1.js': `throw new Error('out of order');` },
      /1\.js can't be loaded: out of order$/,
    ],
  ])('%s is MIGRATION_INVALID', async (_, files, message) => {
    await expect(load(files as Record<string, string>)).rejects.toMatchObject({
      code: 'MIGRATION_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
