import { type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { SquashError } from '../../errors.js';
import { type Account, commandLine } from './account.js';
import type { Binaries } from './binaries.js';

/** Where everything of one cluster lies. */
export interface ClusterPaths {
  readonly folder: string;
  /** PGDATA. */
  readonly data: string;
  readonly password: string;
  readonly log: string;
  readonly lock: string;
  /** One file for each use of the server, see clients.ts. */
  readonly clients: string;
}

/** What PostgreSQL itself writes into `postmaster.pid` (manual: "Database File Layout"). */
export interface Postmaster {
  readonly pid: number;
  /** Seconds since the epoch. */
  readonly startedAt: number;
  readonly port: number;
  readonly ready: boolean;
}

/** The name of the bootstrap superuser. */
export const superuser = 'postgres';

/** The layout of the cluster of that major beneath `dataDirectory`. */
export function clusterPaths(dataDirectory: string, major: number): ClusterPaths {
  const folder = join(dataDirectory, `postgres-${major}`);
  return {
    folder,
    data: join(folder, 'data'),
    password: join(folder, 'password'),
    log: join(folder, 'server.log'),
    lock: join(folder, 'lock'),
    clients: join(folder, 'clients'),
  };
}

/** Makes the folders, closed to others, and tells git to pass over them. */
export function prepareFolders(dataDirectory: string, paths: ClusterPaths, account: Account): void {
  // A server that runs as another account has to pass through the outer folder, not to read it.
  mkdirSync(dataDirectory, { recursive: true, mode: account.ids === null ? 0o700 : 0o711 });
  const ignore = join(dataDirectory, '.gitignore');
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
  const isNew = mkdirSync(paths.folder, { recursive: true, mode: 0o700 }) !== undefined;
  if (isNew) giveTo(account, paths.folder);
  mkdirSync(paths.clients, { recursive: true, mode: 0o700 });
}

/**
 * Runs initdb unless the cluster exists. It becomes visible only once complete: a killed initdb
 * leaves nothing that looks like a cluster.
 */
export function ensureCluster(paths: ClusterPaths, binaries: Binaries, account: Account): void {
  if (existsSync(paths.data)) return;
  const draft = `${paths.data}.new`;
  rmSync(draft, { recursive: true, force: true });
  writePrivately(paths.password, randomBytes(24).toString('base64url'), account);
  const flags = [
    ...['-D', draft, '-U', superuser, `--pwfile=${paths.password}`, '--auth=scram-sha-256'],
    ...['-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'],
  ];
  const run = spawnSync(...commandLine(account, binaries.initdb, flags), {
    ...spawnOptions(paths, account),
    encoding: 'utf8',
  });
  if (run.status !== 0) throw cannotRun('initdb', run.error, run.stderr, account);
  renameSync(draft, paths.data);
}

/** The server that `postmaster.pid` names, or null where there is no such file. It may be dead. */
export function readPostmaster(paths: ClusterPaths): Postmaster | null {
  let lines: string[];
  try {
    lines = readFileSync(pidFile(paths), 'utf8').split('\n');
  } catch {
    return null;
  }
  const [pid, startedAt, port] = [lines[0], lines[2], lines[3]].map((line) =>
    Number.parseInt(line ?? '', 10),
  );
  if (!pid) return null;
  return { pid, startedAt: startedAt || 0, port: port || 0, ready: lines[7]?.trim() === 'ready' };
}

/** Forgets a server that is certainly gone, whose process id some other program has now. */
export function discardPidFile(paths: ClusterPaths): void {
  rmSync(pidFile(paths), { force: true });
}

/**
 * Starts the server on that port, in a session of its own so that a Ctrl-C on the terminal doesn't
 * reach it, and returns at once. The promise settles only if it ends, with what it last said.
 */
export function launchPostmaster(
  paths: ClusterPaths,
  binaries: Binaries,
  account: Account,
  options: readonly string[],
): Promise<Error> {
  writePrivately(paths.log, '', account);
  const args = ['-D', paths.data, ...options];
  // On Windows only pg_ctl can drop an administrator's rights, which the server refuses to run with.
  const [program, words] =
    process.platform === 'win32'
      ? [binaries.pgCtl, ['start', '-W', '-D', paths.data, '-l', paths.log, '-o', options.join(' ')]]
      : commandLine(account, binaries.postgres, args);
  const log = openSync(paths.log, 'a');
  const stdio: StdioOptions = ['ignore', log, log];
  const child = spawn(program, words, { ...spawnOptions(paths, account), detached: true, stdio });
  closeSync(log);
  child.unref();
  return new Promise((resolve) => {
    const ended = (error?: Error) => resolve(cannotRun('the server', error, lastWords(paths), account));
    child.on('error', ended);
    child.on('exit', (code) => {
      // pg_ctl ends well as soon as it has started the server.
      if (process.platform !== 'win32' || code !== 0) ended();
    });
  });
}

/** Asks the server for a fast shutdown and doesn't wait: sessions are ended, files are in order. */
export function signalStop(paths: ClusterPaths, binaries: Binaries, pid: number): void {
  if (process.platform === 'win32') {
    spawnSync(binaries.pgCtl, ['stop', '-m', 'fast', '-D', paths.data], {
      stdio: 'ignore',
      windowsHide: true,
    });
    return;
  }
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // It is gone already.
  }
}

/** Writes a file that only the server's account can read (and root). */
function writePrivately(path: string, text: string, account: Account): void {
  rmSync(path, { force: true });
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  giveTo(account, path);
}

function giveTo(account: Account, path: string): void {
  if (account.ids !== null) chownSync(path, account.ids.uid, account.ids.gid);
}

function pidFile(paths: ClusterPaths): string {
  return join(paths.data, 'postmaster.pid');
}

/** The user's own PG* variables are meant for another server; locale and time zone are ours. */
function spawnOptions(paths: ClusterPaths, account: Account) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name));
  return {
    cwd: paths.folder,
    env: { ...Object.fromEntries(inherited), LC_ALL: 'C', TZ: 'UTC' },
    windowsHide: true,
    ...account.ids,
  };
}

function lastWords(paths: ClusterPaths): string {
  try {
    return readFileSync(paths.log, 'utf8').trim().split('\n').slice(-3).join('\n');
  } catch {
    return '';
  }
}

function cannotRun(what: string, error: Error | undefined, words: string, account: Account): SquashError {
  const reason = error?.message ?? (words.trim() || 'it ended without a word');
  const unreachable = account.ids !== null && /EACCES|permission denied/i.test(reason);
  const hint = unreachable
    ? `It runs as uid ${account.ids?.uid}, since PostgreSQL refuses root, and that account must be able to enter the project's folder and node_modules.`
    : 'It needs glibc, macOS or Windows (not Alpine); set DATABASE_URL to use a server of your own.';
  return new SquashError(
    'EMBEDDED_UNAVAILABLE',
    `${what} of the embedded PostgreSQL does not run: ${reason}`,
    {
      hint,
      cause: error,
    },
  );
}
