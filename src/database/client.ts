import type { Client, ClientBase, ClientConfig } from 'pg';
import pg from 'pg';
import { parse, toClientConfig } from 'pg-connection-string';
import { SquashError } from '../errors.js';
import { raiseFence } from './fence.js';
import { quoteLiteral } from './sql.js';

/** Anything that runs a query on one session: a `pg` client, or a stand-in of a test. */
export type Queryable = Pick<ClientBase, 'query'>;

/** Milliseconds that a server has to answer a connection, where the configuration says nothing. */
const connectTimeout = 15_000;

/** Milliseconds that a goodbye may take before the socket is cut. */
const farewellTimeout = 5_000;

/** One round trip. */
const beginFenced = (access: 'READ ONLY' | 'READ WRITE', snapshot?: string): string => {
  // A snapshot is taken over before the first query of a transaction, or never.
  const share = snapshot === undefined ? '' : `SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot)};\n`;
  return `BEGIN ISOLATION LEVEL REPEATABLE READ, ${access}, NOT DEFERRABLE;\n${share}${raiseFence}`;
};

/**
 * Connects, runs `fn`, disconnects. The connection is closed however `fn` ends, and the first error
 * is the one that is thrown.
 *
 * @throws SquashError SERVER_UNREACHABLE when no session could be had; it names host, port and
 *   database, never the password.
 */
export async function withClient<T>(config: ClientConfig, fn: (client: Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionTimeoutMillis: connectTimeout, ...config });
  // A lost connection also rejects the query in flight; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (cause) {
    await disconnect(client);
    throw unreachable(config, cause);
  }
  try {
    return await fn(client);
  } finally {
    await disconnect(client);
  }
}

/** {@link withClient} and {@link inSnapshot} in one. */
export async function withSnapshot<T>(config: ClientConfig, fn: (client: Client) => Promise<T>): Promise<T> {
  return withClient(config, (client) => inSnapshot(client, () => fn(client)));
}

/**
 * Runs `fn` inside one REPEATABLE READ READ ONLY transaction in which every setting that alters how
 * PostgreSQL prints a value or deparses an object is pinned. All settings are local to it.
 *
 * `client` must not be in a transaction already; it is free again afterwards.
 *
 * @param snapshot what `pg_export_snapshot()` gave in another session, to see what that one sees.
 */
export async function inSnapshot<T>(client: Queryable, fn: () => Promise<T>, snapshot?: string): Promise<T> {
  let result: T;
  try {
    await client.query(beginFenced('READ ONLY', snapshot));
    result = await fn();
  } catch (error) {
    // The first error counts; on a lost connection a ROLLBACK fails as well.
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
  await client.query('COMMIT');
  return result;
}

/**
 * As {@link inSnapshot}, but `fn` may write, and whatever it writes is taken back: for shadows, where
 * something has to be moved out of the way before it can be read.
 */
export async function inScratch<T>(client: Queryable, fn: () => Promise<T>): Promise<T> {
  await client.query(beginFenced('READ WRITE'));
  try {
    return await fn();
  } finally {
    // The first error counts; on a lost connection a ROLLBACK fails as well.
    await client.query('ROLLBACK').catch(() => {});
  }
}

/** The same server and role, another database. */
export function onDatabase(config: ClientConfig, database: string): ClientConfig {
  const { connectionString, ...rest } = config;
  // pg lets a connection string win over every other key, the database's name included.
  const parsed = connectionString === undefined ? {} : toClientConfig(parse(connectionString));
  return { ...rest, ...parsed, database };
}

/** The name of the database to which a configuration leads; pg's own default is the user's name. */
export function databaseName(config: ClientConfig): string | undefined {
  return new pg.Client(config).database;
}

/** Where a configuration leads, as `localhost:5432/app`, with pg's own defaults and no secret. */
export function describeConnection(config: ClientConfig): string {
  const { host, port, database } = new pg.Client(config);
  return `${describeHost(host)}:${port}/${database ?? ''}`;
}

/** As {@link describeConnection} without the database: `localhost:5432`. */
export function describeServer(config: ClientConfig): string {
  const { host, port } = new pg.Client(config);
  return `${describeHost(host)}:${port}`;
}

/** The five-character SQLSTATE of a server's error, or Node's code of a socket's, or undefined. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function describeHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

async function disconnect(client: Client): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, farewellTimeout);
  });
  await Promise.race([client.end().catch(() => {}), deadline]);
  clearTimeout(timer);
  // After an orderly end the stream is gone already; a frozen server would keep the process alive.
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

function unreachable(config: ClientConfig, cause: unknown): SquashError {
  const { host, port, database, user } = new pg.Client(config);
  const place = `${describeHost(host)}:${port}/${database ?? ''}`;
  const code = errorCode(cause);
  if (code === '28P01' || code === '28000') {
    return new SquashError('SERVER_UNREACHABLE', `the server at ${place} turned away the role "${user}"`, {
      hint: 'Check the role, its password and pg_hba.conf.',
      cause,
    });
  }
  if (code === '3D000') {
    return new SquashError('SERVER_UNREACHABLE', `the database "${database}" does not exist (${place})`, {
      hint: 'Create it, or check the name in DATABASE_URL or the knexfile.',
      cause,
    });
  }
  const reason = reasons[code ?? ''] ?? ((cause as Error).message || code);
  return new SquashError('SERVER_UNREACHABLE', `no connection to ${place}: ${reason}`, {
    hint: 'Check that the server runs, and the host and port in DATABASE_URL or the knexfile.',
    cause,
  });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host has no address',
  EAI_AGAIN: 'the name service did not answer',
  ETIMEDOUT: 'no answer',
  ECONNRESET: 'the connection was cut',
  ENOENT: 'no such socket',
};
