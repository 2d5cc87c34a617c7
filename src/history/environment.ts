import type { ClientConfig } from 'pg';
import pg from 'pg';

type Environment = Record<string, string | undefined>;

const postgresUrl = /^postgres(ql)?:\/\//i;

/** libpq's variables that could lead elsewhere in spite of the ones that we set (PostgreSQL manual, libpq, Environment Variables). */
const otherPgVariables = ['PGHOSTADDR', 'PGSERVICE', 'PGSERVICEFILE', 'PGPASSFILE', 'PGOPTIONS'];

/**
 * Runs `fn` while the environment leads to the shadow alone: every variable that holds a PostgreSQL
 * URL holds the shadow's, libpq's PG* variables name it too, and a DB_NAME, POSTGRES_DB and the like
 * that named the real database names the shadow. All is put back however `fn` ends. A process has one
 * environment, so of several that want it at once each waits for the one before: side by side, the
 * first to end would put the real database back under the other's feet. Not to be nested.
 *
 * @param real the configured database, or null where there is none.
 */
export async function withShadowEnvironment<T>(
  shadow: ClientConfig,
  real: ClientConfig | null,
  fn: () => Promise<T>,
): Promise<T> {
  const turn = lastTurn.then(() => inShadowEnvironment(shadow, real, fn));
  lastTurn = turn.then(
    () => {},
    () => {},
  );
  return turn;
}

let lastTurn: Promise<void> = Promise.resolve();

async function inShadowEnvironment<T>(
  shadow: ClientConfig,
  real: ClientConfig | null,
  fn: () => Promise<T>,
): Promise<T> {
  const changes = shadowEnvironment(process.env, shadow, real);
  const before = Object.fromEntries(Object.keys(changes).map((name) => [name, process.env[name]]));
  assign(changes);
  try {
    return await fn();
  } finally {
    assign(before);
  }
}

/** The variables to change, with their new values; undefined stands for unset. Pure. */
export function shadowEnvironment(
  env: Environment,
  shadow: ClientConfig,
  real: ClientConfig | null,
): Environment {
  const { host, port, database, user, password } = new pg.Client(shadow);
  const realDatabase = real === null ? undefined : new pg.Client(real).database;
  const changes: Environment = Object.fromEntries(otherPgVariables.map((name) => [name, undefined]));
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (postgresUrl.test(value)) changes[name] = connectionUrl(shadow);
    if (value === realDatabase && /^(DB|DATABASE|POSTGRES|POSTGRESQL)_/i.test(name)) changes[name] = database;
  }
  return {
    ...changes,
    DATABASE_URL: connectionUrl(shadow),
    PGHOST: host,
    PGPORT: String(port),
    PGDATABASE: database,
    PGUSER: user,
    PGPASSWORD: password ?? undefined,
  };
}

/** A connection as a URL that libpq and pg understand; a socket's folder goes into the query. */
export function connectionUrl(connection: ClientConfig): string {
  const { host, port, database, user, password } = new pg.Client(connection);
  const secret = password ? `:${encodeURIComponent(password)}` : '';
  const account = user === undefined ? '' : `${encodeURIComponent(user)}${secret}@`;
  const name = encodeURIComponent(database ?? '');
  return host.startsWith('/')
    ? `postgresql://${account}/${name}?host=${encodeURIComponent(host)}&port=${port}`
    : `postgresql://${account}${host.includes(':') ? `[${host}]` : host}:${port}/${name}`;
}

function assign(values: Environment): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
