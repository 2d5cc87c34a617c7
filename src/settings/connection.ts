import type { ClientConfig } from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';

/**
 * A connection URL as pg's client takes it; what the URL leaves out is left to pg's own defaults
 * (PGHOST, PGUSER …).
 *
 * @throws Error whose message says what is wrong and holds no part of the URL that can be a secret.
 */
export function parseUrl(url: string): ClientConfig {
  // pg-connection-string takes any word for the name of a database on the host "base".
  if (!/^(postgres(ql)?:\/\/|socket:|\/)/.test(url)) throw new Error(notAUrl);
  let config: ClientConfig;
  try {
    config = parseIntoClientConfig(url);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(code === 'ERR_INVALID_URL' || error instanceof URIError ? notAUrl : message);
  }
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== ''));
}

const notAUrl =
  'is no PostgreSQL URL: write postgres://user:password@host:5432/database, with each special character of the password percent-encoded (@ is %40)';

/**
 * Knex's `connection`: a URL, an object of pg's, or a function that returns (a promise of) one. Null
 * stands for none, which `{ connectionString: process.env.DATABASE_URL }` without that variable is too.
 *
 * @throws Error as {@link parseUrl}, or what the function throws.
 */
export async function resolveConnection(connection: unknown): Promise<ClientConfig | null> {
  const given = typeof connection === 'function' ? await connection() : connection;
  if (given === undefined || given === null || given === '') return null;
  if (typeof given === 'string') return parseUrl(given);
  if (typeof given !== 'object') throw new Error('must be a URL, an object or a function that returns one');
  return parseObject(given as Readonly<Record<string, unknown>>);
}

function parseObject(given: Readonly<Record<string, unknown>>): ClientConfig | null {
  // The checker is Knex's, for passwords that expire while a pool lives; no session here lives so long.
  const { connectionString, expirationChecker: _, ...rest } = given;
  const config = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  if ('filename' in config) throw new Error('names a file, as for SQLite: give host, user and database');
  if (typeof connectionString === 'string' && connectionString !== '') {
    return { ...config, ...parseUrl(connectionString) };
  }
  const leadsNowhere = !['host', 'port', 'user', 'database'].some((key) => key in config);
  return 'connectionString' in given && leadsNowhere ? null : config;
}
