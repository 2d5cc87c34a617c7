import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { ClientConfig } from 'pg';
import pg from 'pg';
import { SquashError } from '../errors.js';
import { writeDurably } from '../files/durable.js';

/** PostgreSQL's own programs that a backup can use. */
export interface Programs {
  readonly pgDump: string;
  readonly pgRestore: string;
  /** `15.18`. */
  readonly version: string;
}

/**
 * pg_dump and pg_restore of exactly that major, in PG_BIN or on the PATH; null where there are none. A
 * newer pg_dump writes settings that an older server refuses.
 */
export async function findPrograms(major: number, env: NodeJS.ProcessEnv): Promise<Programs | null> {
  const folders = [env.PG_BIN ?? '', ...(env.PATH ?? '').split(delimiter)].filter((folder) => folder !== '');
  for (const folder of folders) {
    const [pgDump, pgRestore] = ['pg_dump', 'pg_restore'].map((name) => join(folder, executable(name)));
    if (pgDump === undefined || pgRestore === undefined) continue;
    if (!existsSync(pgDump) || !existsSync(pgRestore)) continue;
    const [version, other] = await Promise.all([versionOf(pgDump), versionOf(pgRestore)]);
    if (version === other && Number.parseInt(version, 10) === major) return { pgDump, pgRestore, version };
  }
  return null;
}

/** As {@link findPrograms}. @throws SquashError DUMP_FAILED where there are none. */
export async function requirePrograms(major: number): Promise<Programs> {
  const programs = await findPrograms(major, process.env);
  if (programs !== null) return programs;
  throw new SquashError('DUMP_FAILED', `no pg_dump and pg_restore ${major} are in PG_BIN or on the PATH`, {
    hint: `Install the client programs of PostgreSQL ${major}, point PG_BIN at their folder, or use --engine driver.`,
  });
}

/**
 * Runs one of them on a database. Where it connects goes by PG* variables, the password by a private file:
 * arguments can be read by every user of the machine.
 *
 * @throws SquashError with that code, and with what the program complained about.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  config: ClientConfig,
  { cwd, code }: { readonly cwd: string; readonly code: 'DUMP_FAILED' | 'RESTORE_FAILED' },
): Promise<void> {
  await withPassfile(config, async (env) => {
    const { status, complaints } = await runPrivately(program, args, cwd, env);
    if (status === 0) return;
    throw new SquashError(code, `${program} failed: ${complaints || `it ended with ${status}`}`, {
      hint: 'The driver engine (--engine driver) needs no such program.',
    });
  });
}

/** The first complaints are kept, so that a flood of them takes no memory. */
const complaintLength = 2000;

async function runPrivately(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly status: number | string | null; readonly complaints: string }> {
  // What it writes is for its owner alone: a child inherits the mask of the moment.
  const mask = process.umask(0o077);
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  process.umask(mask);
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaints.length < complaintLength) complaints += text;
  });
  const stop = (): void => void child.kill();
  process.once('exit', stop);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, signal) =>
        resolve({ status: status ?? signal, complaints: complaints.trim() }),
      );
    });
  } finally {
    process.off('exit', stop);
  }
}

async function withPassfile<T>(config: ClientConfig, fn: (env: NodeJS.ProcessEnv) => Promise<T>): Promise<T> {
  const { host, port, user, database } = new pg.Client(config);
  const password = await passwordOf(config);
  const { PGPASSWORD: _, PGSERVICE: __, PGHOSTADDR: ___, PGOPTIONS: ____, ...inherited } = process.env;
  const env = {
    ...inherited,
    ...{ PGHOST: host, PGPORT: String(port), PGUSER: user, PGDATABASE: database, LC_MESSAGES: 'C' },
    ...(config.ssl ? { PGSSLMODE: inherited.PGSSLMODE ?? 'require' } : {}),
  };
  if (password === null) return fn(env);
  const folder = await mkdtemp(join(tmpdir(), 'knex-squash-pass-'));
  try {
    const path = join(folder, 'pgpass');
    await writeDurably(path, `*:*:*:*:${password.replaceAll(/[\\:]/g, '\\$&')}\n`, 0o600);
    return await fn({ ...env, PGPASSFILE: path });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function passwordOf(config: ClientConfig): Promise<string | null> {
  // pg's own client knows the connection string and PGPASSWORD as well.
  const { password } = new pg.Client(config) as { password?: unknown };
  const given = typeof password === 'function' ? await password() : password;
  return typeof given === 'string' && given !== '' ? given : null;
}

async function versionOf(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, ['--version']).catch(() => ({ stdout: '' }));
  return /\(PostgreSQL\) (\d+(?:\.\d+)?)/.exec(stdout)?.[1] ?? '';
}

function executable(name: string): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}
