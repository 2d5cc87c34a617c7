import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { structuredPatch } from 'diff';
import type { ClientConfig } from 'pg';
import { onDatabase, withClient } from '../../src/database/client.js';
import { withEmbedded } from '../../src/database/embedded.js';
import { connectionUrl } from '../../src/history/environment.js';
import { up } from '../../src/migrate.js';
import { loadSettings } from '../../src/settings/load.js';
import { validate } from '../../src/validate.js';
import { pgDump } from '../../test/support/server.js';
import { manyTables } from './many-tables.js';
import { argument, median } from './measure.js';

/**
 * Validating an unchanged history whose result is cached, against `pg_dump -s` of the database and of a
 * second one that the migrations built, and a diff of both: in turns, within one run.
 *
 *   PG_BIN=/usr/lib/postgresql/15/bin npm run bench:validate -- --tables 1000 --rounds 7
 */
const tables = argument('tables', 1000);
const rounds = argument('rounds', 7);
const program = join(process.cwd(), 'dist/cli/main.js');
const run = promisify(execFile);

const migration = (
  sql: string,
): string => `exports.up = (knex) => knex.client.acquireConnection().then((connection) =>
  connection.query(${JSON.stringify(sql)}).finally(() => knex.client.releaseConnection(connection)));
exports.down = async () => {};
exports.config = { transaction: false };
`;

/** Milliseconds of each round. */
interface Figures {
  readonly validate: number[];
  readonly command: number[];
  readonly dumps: [number, number][];
  readonly diff: number[];
}

async function timed<T>(fn: () => Promise<T>): Promise<readonly [T, number]> {
  const began = performance.now();
  return [await fn(), performance.now() - began];
}

async function project(root: string): Promise<void> {
  await mkdir(join(root, 'migrations'));
  await symlink(join(process.cwd(), 'node_modules'), join(root, 'node_modules'));
  for (const [at, sql] of manyTables(tables).entries()) {
    await writeFile(join(root, `migrations/${String(at).padStart(4, '0')}_tables.cjs`), migration(sql));
  }
}

async function measure(root: string, live: ClientConfig, other: ClientConfig): Promise<Figures> {
  const settings = await loadSettings({ cwd: root, env: {}, flags: { url: connectionUrl(live) } });
  await up(settings);
  await up(await loadSettings({ cwd: root, env: {}, flags: { url: connectionUrl(other) } }));
  for (const database of [live, other])
    await withClient(database, (client) => client.query('VACUUM ANALYZE'));
  await validate(settings);
  const figures: Figures = { validate: [], command: [], dumps: [], diff: [] };
  for (let round = 0; round < rounds; round++) {
    const [result, milliseconds] = await timed(() => validate(settings));
    if (!result.equal || result.replayed) throw new Error('the database should be equal, by the cache');
    figures.validate.push(milliseconds);
    const [before, first] = await timed(() => pgDump(other, ['--schema-only']));
    const [after, second] = await timed(() => pgDump(live, ['--schema-only']));
    if (before === null || after === null) throw new Error('no pg_dump is installed: set PG_BIN');
    figures.dumps.push([first, second]);
    const [{ hunks }, diff] = await timed(async () => structuredPatch('', '', before, after));
    if (hunks.length > 0) throw new Error('pg_dump found a difference');
    figures.diff.push(diff);
    if (existsSync(program)) {
      const args = [program, 'validate', '--url', connectionUrl(live)];
      figures.command.push((await timed(() => run(process.execPath, args, { cwd: root })))[1]);
    }
  }
  return figures;
}

function report({ validate: own, command, dumps, diff }: Figures): void {
  const one = median(dumps.flat());
  const whole = median(dumps.map(([a, b], at) => a + b + (diff[at] ?? 0)));
  const line = (name: string, values: readonly number[]) => ({
    what: name,
    'median ms': Math.round(median(values)),
    'of one pg_dump': (median(values) / one).toFixed(2),
    'of both and a diff': (median(values) / whole).toFixed(2),
  });
  console.log(`${tables} tables, unchanged history, cached; ${rounds} rounds in turns`);
  console.table([
    line('validate()', own),
    ...(command.length === 0 ? [] : [line('knex-squash validate, as a program', command)]),
    line('pg_dump -s of one side', dumps.flat()),
    line(
      'pg_dump -s of both, and a diff',
      dumps.map(([a, b], at) => a + b + (diff[at] ?? 0)),
    ),
  ]);
  if (command.length === 0) console.log('npm run build first, to time the program as well');
}

const folder = mkdtempSync(join(tmpdir(), 'knex-squash-bench-'));
const root = mkdtempSync(join(tmpdir(), 'knex-squash-bench-project-'));
try {
  await withEmbedded({ dataDirectory: folder, root: process.cwd(), durable: false }, async ({ config }) => {
    const [live, other] = ['bench_live', 'bench_other'].map((name) => onDatabase(config, name));
    await withClient(config, (client) => client.query('CREATE DATABASE bench_live TEMPLATE template0'));
    await withClient(config, (client) => client.query('CREATE DATABASE bench_other TEMPLATE template0'));
    await project(root);
    report(await measure(root, live as ClientConfig, other as ClientConfig));
  });
} finally {
  for (const each of [folder, root]) rmSync(each, { recursive: true, force: true });
}
