import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compiled } from './support/compile.js';
import { withProject } from './support/project.js';

const readme = readFileSync('README.md', 'utf8');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

/** The command lines of the fenced blocks for a shell, in their order. */
const commands = [...readme.matchAll(/^[ ]*```sh\n([\s\S]*?)^[ ]*```/gm)].flatMap(([, block]) =>
  String(block)
    .split('\n')
    .flatMap((line) => line.split('&&'))
    .map((line) => line.trim())
    .filter((line) => line !== ''),
);

const run = promisify(execFile);

test('the README starts with the two command lines of a newcomer', () => {
  expect(commands.slice(0, 4)).toEqual(['npm ci', 'npm run db:squash', 'npm ci', 'npm test']);
});

test('every npm script that the README names exists, and every script of the database is named', () => {
  const named = [...readme.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => String(name));
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  expect(Object.keys(scripts).filter((name) => name.startsWith('db:') && !named.includes(name))).toEqual([]);
});

test('every command and flag that the README names is known to the program', async () => {
  const lines = [
    ...readme.matchAll(
      /knex-squash ((?:squash|up|down|status|adopt|restore|reset|resolve|objects|backup)[^`\n|]*)/g,
    ),
  ].map(([, line]) => String(line));
  expect(lines.length).toBeGreaterThan(10);
  const help = new Map<string, string>();
  for (const line of lines) {
    const [command = '', second = ''] = line.split(' ');
    const path =
      ['restore', 'backup'].includes(command) && /^[a-z]+$/.test(second) ? [command, second] : [command];
    const key = path.join(' ');
    if (!help.has(key)) help.set(key, (await knexSquash([...path, '--help'])).stdout);
    for (const [flag] of line.matchAll(/--[a-z-]+/g)) expect(`${key}: ${help.get(key)}`).toContain(flag);
  }
}, 300_000);

test('the commands of the first minute work on a copy of this project with nothing but the embedded server', async () => {
  const first = commands.filter((command) => command.startsWith('npm run db:'));
  expect(first.length).toBeGreaterThanOrEqual(4);
  await withProject({}, async (root) => {
    for (const name of ['package.json', 'tsconfig.json', 'knexfile.ts', 'migrations', 'scripts', 'src']) {
      await cp(name, join(root, name), { recursive: true });
    }
    await symlink(join(process.cwd(), 'node_modules'), join(root, 'node_modules'), 'dir');
    const outputs: string[] = [];
    for (const command of first) outputs.push((await shell(command, root)).stdout);
    expect(outputs[0]).toMatch(/embedded PostgreSQL[\s\S]*16 migrations → 1 baseline [0-9a-f]{12}/);
    expect(outputs.at(-1)).toContain('restored 16 files');
  });
}, 600_000);

function knexSquash(args: readonly string[]) {
  return shell(`node ${compiled('src/cli/main.ts')} ${args.join(' ')}`, process.cwd());
}

function shell(command: string, cwd: string): Promise<{ stdout: string }> {
  const { NODE_OPTIONS: _, DATABASE_URL: __, JEST_WORKER_ID: ___, ...env } = process.env;
  const [program = '', ...args] = command.split(' ');
  return run(program, args, { cwd, env, shell: process.platform === 'win32' });
}
