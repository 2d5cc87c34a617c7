import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { devNull } from 'node:os';
import { delimiter, join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { ClientConfig } from 'pg';
import pg from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';
import { onDatabase, withClient } from '../../src/database/client.js';
import { dropSubscriptions } from '../../src/database/shadow.js';
import { quoteIdent } from '../../src/database/sql.js';

/** The run's server as a superuser, on the database `postgres`. */
export function testServer(): ClientConfig {
  const url = process.env.TEST_DATABASE_URL;
  if (url === undefined) throw new Error('global-setup.mjs did not run: start tests by scripts/test.mjs');
  return parseIntoClientConfig(url);
}

/** Runs `fn` on a fresh database, empty or a copy of another, and drops it. */
export async function withDatabase<T>(
  fn: (config: ClientConfig) => Promise<T>,
  template = 'template0',
): Promise<T> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const server = testServer();
  await withClient(server, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  try {
    return await fn(onDatabase(server, name));
  } finally {
    const drop = () =>
      withClient(server, (client) =>
        client.query(`DROP DATABASE IF EXISTS ${quoteIdent(name)} WITH (FORCE)`),
      );
    await drop().catch(async () => {
      // A database with subscriptions can't be dropped.
      await withClient(onDatabase(server, name), dropSubscriptions);
      await drop();
    });
  }
}

/**
 * What the real pg_dump prints for that database, without the random `\restrict` lines; null where no
 * client of the server's major or later is installed (in PG_BIN, Debian's folders or PATH).
 */
export async function pgDump(config: ClientConfig, args: readonly string[]): Promise<string | null> {
  const program = await clientProgram('pg_dump', await serverMajor(config));
  if (program === null) return null;
  const { stdout } = await run(program, [...args], { env: libpqVariables(config), maxBuffer: 1 << 30 });
  return stdout.replaceAll(/^\\(un)?restrict .*\n/gm, '');
}

/** Lets the real psql run that script, and returns what it complained about; null where there is none. */
export async function psql(config: ClientConfig, script: string): Promise<string | null> {
  const program = await clientProgram('psql', 0);
  if (program === null) return null;
  const child = execFile(program, ['-X', '-q', '-o', devNull], { env: libpqVariables(config) });
  child.stdin?.end(script);
  const [complaints] = await Promise.all([text(child.stderr ?? Readable.from([])), once(child, 'close')]);
  return complaints;
}

/** 15 or 18. */
export async function serverMajor(config: ClientConfig): Promise<number> {
  const { rows } = await withClient(config, (client) => client.query('SHOW server_version_num'));
  return Math.trunc(Number(rows[0].server_version_num) / 10_000);
}

const run = promisify(execFile);

const found = new Map<string, Promise<string | null>>();

/** Where a client of that major or later is installed (in PG_BIN, Debian's folders or PATH), or null. */
export function clientProgram(
  name: 'pg_dump' | 'pg_restore' | 'psql',
  major: number,
): Promise<string | null> {
  const key = `${name} ${major}`;
  const known = found.get(key) ?? searchClient(name, major);
  found.set(key, known);
  return known;
}

async function searchClient(name: 'pg_dump' | 'pg_restore' | 'psql', major: number): Promise<string | null> {
  const folders = [
    process.env.PG_BIN ?? '',
    // Before PATH, where Debian has a wrapper that takes longer than the program.
    ...debianFolders(),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  for (const folder of folders.filter((each) => each !== '')) {
    const program = join(folder, process.platform === 'win32' ? `${name}.exe` : name);
    if (existsSync(program) && (await majorOf(program)) >= major) return program;
  }
  return null;
}

function debianFolders(): string[] {
  const parent = '/usr/lib/postgresql';
  return existsSync(parent) ? readdirSync(parent).map((major) => join(parent, major, 'bin')) : [];
}

async function majorOf(program: string): Promise<number> {
  const { stdout } = await run(program, ['--version']).catch(() => ({ stdout: '' }));
  return Number.parseInt(/\(PostgreSQL\) (\d+)/.exec(stdout)?.[1] ?? '0', 10);
}

/** Variables instead of arguments: those can be read by every user of the machine. */
export function libpqVariables(config: ClientConfig): NodeJS.ProcessEnv {
  const { host, port, user, database } = new pg.Client(config);
  const password = typeof config.password === 'string' ? config.password : undefined;
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'));
  return {
    ...Object.fromEntries(inherited),
    ...{ PGHOST: host, PGPORT: String(port), PGUSER: user, PGDATABASE: database, PGPASSWORD: password },
  };
}
