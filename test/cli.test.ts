import { runCli } from './support/cli.js';
import { treeOf } from './support/example.js';
import { createsTable, withProject } from './support/project.js';
import { withDatabase } from './support/server.js';

type Files = Readonly<Record<string, string>>;

const run = (files: Files, ...args: readonly string[]) =>
  withDatabase((database) => withProject(files, (root) => runCli(args, { root, database })));

const talkative = { 'migrations/1_loud.js': createsTable('loud', "console.log('I am loaded');") };
const failing = {
  'migrations/1_bad.js': "exports.up = (knex) => knex.raw('SELECT ?::int, 1; SELECT nothing', [1]);",
};

describe('with --json', () => {
  test('stdout has one object, whatever migrations print', async () => {
    const { code, stdout, stderr } = await run(talkative, 'squash', '--dry-run', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, proof: { equal: true } });
    expect(stderr).toContain('I am loaded');
    expect(code).toBe(0);
  });

  test('an error too', async () => {
    const { code, stdout } = await run(
      { 'migrations/1_bad.js': "console.log('loud'); exports.up = () => { throw new Error('no') };" },
      ...['squash', '--json'],
    );
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'MIGRATION_FAILED' } });
    expect(code).toBe(1);
  });
});

const wanting = {
  'migrations/1_bad.js':
    "exports.up = (knex) => knex.raw('CREATE TABLE t (); GRANT SELECT ON t TO nobody_here');",
};

test.each([
  ['a failed statement', failing],
  ['a missing role', wanting],
])('%s is told once, without the statement', async (_, files) => {
  const { code, stderr } = await run(files, 'squash');
  expect(stderr).toContain('the migration "1_bad.js" failed: ');
  expect(stderr).not.toMatch(/SELECT 1::int|CREATE TABLE/);
  expect(stderr).not.toContain('because');
  expect(code).toBe(1);
});

describe('squash', () => {
  const seeded = {
    'migrations/1_t.js': createsTable('t'),
    'migrations/2_rows.js': `exports.up = (knex) => knex.raw('INSERT INTO t SELECT FROM generate_series(1, 2)'); exports.down = async () => {};`,
  };

  test('--rows none says loudly what a new database will lack', async () => {
    const { code, stdout } = await run(seeded, 'squash', '--rows', 'none');
    expect(stdout).toMatch(/LEFT OUT +2 rows, as --rows asked: .* those of public\.t \(2\)/);
    expect(code).toBe(0);
  });

  test('--rows takes tables by name, and refuses one that is none', async () => {
    const { stdout } = await run(seeded, 'squash', '--rows', 'public.t', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ rows: { rows: 2, leftOut: [] } });
    expect(await run(seeded, 'squash', '--rows', 'public.nowhere')).toMatchObject({ code: 1 });
  });

  test('--report lists what was changed on purpose, and whether it was found', async () => {
    const { code, stdout } = await run(seeded, 'squash', '--dry-run', '--report');
    expect(stdout).toMatch(/table public\.t +│ removed +│ yes/);
    expect(stdout).not.toMatch(/│ NO +│/);
    expect(code).toBe(0);
  });
});

describe('squash --verify', () => {
  const asks = (expected: string) => `require('pg'); (async () => {
    const { Client } = require('pg'); const client = new Client(process.env.DATABASE_URL); await client.connect();
    const { rows } = await client.query('SELECT count(*)::text AS n, current_database() AS db FROM t');
    await client.end(); console.log('rows', rows[0].n, rows[0].db.startsWith('knex_squash_shadow_'));
    process.exit(rows[0].n === '${expected}' ? 0 : 3);
  })();`;
  const project = (expected: string) => ({
    'migrations/1_t.js': createsTable('t'),
    'migrations/2_rows.js': `exports.up = (knex) => knex.raw('INSERT INTO t SELECT FROM generate_series(1, 2)'); exports.down = async () => {};`,
    'check.cjs': asks(expected).replaceAll("require('pg')", `require('${process.cwd()}/node_modules/pg')`),
  });

  test('runs the command on a database that the baseline built', async () => {
    const { code, stderr } = await run(project('2'), 'squash', '--verify', 'node check.cjs');
    expect(stderr).toContain('rows 2 true');
    expect(code).toBe(0);
  });

  test('stops with its output and writes nothing when it fails', async () => {
    await withDatabase((database) =>
      withProject(project('7'), async (root) => {
        const before = await treeOf(root);
        const { code, stderr } = await runCli(['squash', '--verify', 'node check.cjs'], { root, database });
        expect(stderr).toContain('VERIFY_FAILED: "node check.cjs" exited with 3');
        expect(code).toBe(1);
        expect(await treeOf(root)).toEqual(before);
      }),
    );
  });
});
