import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { planInit } from '../src/init/plan.js';
import { applyInit, prepareInit } from '../src/init.js';
import { loadSettings } from '../src/settings/load.js';
import { runCli } from './support/cli.js';
import { treeOf } from './support/example.js';
import { withProject } from './support/project.js';
import { testServer } from './support/server.js';

const nothing = { packageJson: null, gitignore: null, workflow: null, knexfile: null };

test('a project gets scripts, ignored folders, a knexfile and a workflow; a second run finds nothing to do', async () => {
  await withProject({ 'package.json': '{\n\t"name": "mine",\n\t"type": "module"\n}\n' }, async (root) => {
    const plan = await prepareInit(root);
    expect(plan.changes.map(({ path, isNew }) => [path, isNew])).toEqual([
      ['package.json', false],
      ['.gitignore', true],
      ['knexfile.js', true],
      ['.github/workflows/database.yml', true],
    ]);
    await applyInit(root, plan);
    const text = await readFile(join(root, 'package.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ name: 'mine', scripts: { 'db:squash': 'knex-squash squash' } });
    expect(text).toMatch(/^\t"name"/m);
    expect(text.endsWith('}\n')).toBe(true);
    expect(await prepareInit(root)).toEqual({ changes: [], notes: [] });
  });
});

test('what is there stays as it is, and a script of the same name is told', () => {
  const packageJson = '{"scripts":{"db:squash":"make squash"}}';
  const { changes, notes } = planInit({
    ...{ ...nothing, packageJson, gitignore: 'dist\n/.knex-squash' },
    ...{ workflow: 'mine', knexfile: 'knexfile.ts' },
  });
  expect(changes.map(({ path }) => path)).toEqual(['package.json']);
  expect(JSON.parse(changes[0]?.text ?? '').scripts).toMatchObject({ 'db:squash': 'make squash' });
  expect(notes).toEqual(['package.json has a script "db:squash" of its own, which stays: make squash']);
});

test('a last line without an end gets one before what is added', () => {
  const [change] = planInit({ ...nothing, gitignore: 'dist' }).changes;
  expect(change).toMatchObject({ path: '.gitignore', text: 'dist\n.knex-squash/\n', isNew: false });
});

test('the knexfile that it writes is one that loads', async () => {
  const files = { 'package.json': '{ "type": "module" }', 'node_modules/dotenv/config.js': '' };
  await withProject(files, async (root) => {
    await applyInit(root, await prepareInit(root));
    const url = 'postgres://nobody@127.0.0.1:1/none';
    const settings = await loadSettings({ cwd: root, env: {}, flags: { url } });
    expect(settings).toMatchObject({ backups: join(root, 'backups'), knexConfig: { client: 'pg' } });
  });
});

describe('the command line', () => {
  const files = { 'package.json': '{}' };
  const at = (root: string) => ({ root, database: testServer() });

  test('--dry-run says what would be written, and writes nothing', async () => {
    await withProject(files, async (root) => {
      const before = await treeOf(root);
      const { code, stdout } = await runCli(['init', '--dry-run'], at(root));
      expect(stdout).toContain('add to package.json\n  + "db:squash": "knex-squash squash"');
      expect(stdout).toContain('Nothing was written.');
      expect(code).toBe(0);
      expect(await treeOf(root)).toEqual(before);
    });
  });

  test('a package.json that is no JSON is refused by name, and nothing is written', async () => {
    await withProject({ 'package.json': '{ nonsense' }, async (root) => {
      const before = await treeOf(root);
      const { code, stderr } = await runCli(['init'], at(root));
      expect(stderr).toContain('SETTINGS_INVALID');
      expect(code).toBe(1);
      expect(await treeOf(root)).toEqual(before);
    });
  });
});
