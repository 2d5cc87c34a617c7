import { randomBytes } from 'node:crypto';
import type { ClientConfig } from 'pg';
import { SquashError } from '../errors.js';
import { describeServer, errorCode, onDatabase, type Queryable, withClient } from './client.js';
import { type Isolation, type OpenDatabase, openIsolatedServer } from './isolated.js';
import { createDatabaseClauses, type DatabaseLocale } from './locale.js';
import { quoteIdent } from './sql.js';

/** How a shadow is made. */
export interface ShadowOptions {
  /** The database to copy; `template0`, the empty one, by default. */
  readonly template?: string;
  /** Encoding and locale, as {@link readLocale} finds them; the template's by default. */
  readonly like?: DatabaseLocale;
  /** A server of its own for each shadow: for histories that reach beyond their database. */
  readonly isolation?: Isolation;
}

/** `knex_squash_shadow_<UTC time of creation>_<random>`: the name alone tells when it was made. */
const shadowPrefix = 'knex_squash_shadow_';

/** The server's own clock names the database, since another's would expire it too early or too late. */
const nameShadow = `SELECT '${shadowPrefix}' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISS') || '_' || $1 AS name`;

const abandonedShadows = `
SELECT datname AS name
FROM pg_catalog.pg_database
WHERE datname ~ '^${shadowPrefix}[0-9]{14}_[0-9a-f]{12}$'
  AND substr(datname, ${shadowPrefix.length + 1}, 14) < to_char((now() - interval '1 day') AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISS')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS a WHERE a.datname = pg_database.datname)
ORDER BY datname COLLATE "C"`;

/**
 * Runs `fn` against a new database on `server` and drops it afterwards, with whoever is still
 * connected to it. The first error is the one that is thrown.
 *
 * @throws SquashError SHADOW_UNAVAILABLE when the role may not create databases, or the server can't.
 */
export async function withShadow<T>(
  server: ClientConfig,
  options: ShadowOptions,
  fn: (shadow: ClientConfig) => Promise<T>,
): Promise<T> {
  return withShadows(server, options, ['only'], ({ only }) => fn(only));
}

/** As {@link withShadow} with several, by name; they are made and dropped side by side. */
export async function withShadows<Name extends string, T>(
  server: ClientConfig,
  options: ShadowOptions,
  names: readonly Name[],
  fn: (shadows: Readonly<Record<Name, ClientConfig>>) => Promise<T>,
): Promise<T> {
  const opening = await Promise.allSettled(names.map(() => openShadow(server, options)));
  const opened = opening.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  let result: T;
  try {
    const configs = opening.map((each) => {
      if (each.status === 'rejected') throw each.reason;
      return each.value.config;
    });
    result = await fn(
      Object.fromEntries(names.map((name, at) => [name, configs[at]])) as Record<Name, ClientConfig>,
    );
  } catch (error) {
    await Promise.allSettled(opened.map((each) => each.close()));
    throw error;
  }
  await Promise.all(opened.map((each) => each.close()));
  return result;
}

async function openShadow(server: ClientConfig, options: ShadowOptions): Promise<OpenDatabase> {
  const { isolation, like } = options;
  if (isolation !== undefined) {
    return openIsolatedServer({ ...isolation, ...(like === undefined ? {} : { like }) });
  }
  const name = await withClient(server, (client) => createShadow(client, server, options));
  const config = onDatabase(server, name);
  return { config, close: () => dropShadow(server, config, name) };
}

/**
 * Drops the shadows that killed processes have left on `server`: older than a day by the server's
 * clock and in use by nobody. Returns their names; those that this role may not drop stay.
 */
export async function sweepShadows(server: ClientConfig): Promise<readonly string[]> {
  return withClient(server, async (client) => {
    const { rows } = await client.query<{ name: string }>(abandonedShadows);
    const dropped: string[] = [];
    for (const { name } of rows) {
      // Without FORCE: should somebody connect meanwhile, it is theirs.
      const done = await client.query(`DROP DATABASE IF EXISTS ${quoteIdent(name)}`).then(
        () => true,
        () => false,
      );
      if (done) dropped.push(name);
    }
    return dropped;
  });
}

async function createShadow(
  client: Queryable,
  server: ClientConfig,
  { template = 'template0', like }: ShadowOptions,
): Promise<string> {
  const { rows } = await client.query<{ name: string }>(nameShadow, [randomBytes(6).toString('hex')]);
  const name = rows[0]?.name ?? '';
  const clauses = like === undefined ? [] : createDatabaseClauses(like);
  const statement = ['CREATE DATABASE', quoteIdent(name), 'TEMPLATE', quoteIdent(template), ...clauses];
  try {
    await client.query(statement.join(' '));
  } catch (cause) {
    throw await unavailable(client, server, cause);
  }
  return name;
}

async function dropShadow(server: ClientConfig, shadow: ClientConfig, name: string): Promise<void> {
  await withClient(server, async (client) => {
    const drop = () => client.query(`DROP DATABASE IF EXISTS ${quoteIdent(name)} WITH (FORCE)`);
    try {
      await drop();
    } catch (error) {
      // A database with subscriptions can't be dropped, and a history can create some.
      if (errorCode(error) !== '55006') throw error;
      await withClient(shadow, dropSubscriptions);
      await drop();
    }
  });
}

/** Drops the subscriptions of the current database without reaching for their publishers. */
export async function dropSubscriptions(client: Queryable): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT subname AS name FROM pg_catalog.pg_subscription AS s JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid WHERE d.datname = current_database()',
  );
  for (const name of rows.map((row) => quoteIdent(row.name))) {
    await client.query(`ALTER SUBSCRIPTION ${name} DISABLE`);
    await client.query(`ALTER SUBSCRIPTION ${name} SET (slot_name = NONE)`);
    await client.query(`DROP SUBSCRIPTION ${name}`);
  }
}

async function unavailable(client: Queryable, server: ClientConfig, cause: unknown): Promise<SquashError> {
  if (errorCode(cause) === '42501') {
    const { rows } = await client.query<{ role: string }>('SELECT current_user AS role');
    const role = rows[0]?.role ?? '';
    return new SquashError(
      'SHADOW_UNAVAILABLE',
      `the role "${role}" may not create databases on this server, so no shadow can be made`,
      { hint: `Pass --shadow-url, or grant it: ALTER ROLE ${quoteIdent(role)} CREATEDB.`, cause },
    );
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SquashError(
    'SHADOW_UNAVAILABLE',
    `no shadow can be made on ${describeServer(server)}: ${reason}`,
    {
      hint: 'Pass --shadow-url to use another server of the same major.',
      cause,
    },
  );
}
