import type { ClientConfig } from 'pg';
import { SquashError } from '../errors.js';
import type { Settings } from '../settings/settings.js';
import { describeConnection, describeServer, errorCode, onDatabase, withClient } from './client.js';
import { withEmbedded } from './embedded.js';
import { quoteIdent } from './sql.js';

/** The servers that one command works with, up and of a supported major. */
export interface Server {
  /** The configured database; it may not exist yet. */
  readonly target: ClientConfig;
  /** Another database on the same server, for CREATE, DROP and RENAME DATABASE. */
  readonly admin: ClientConfig;
  /** Where shadows are made. */
  readonly shadow: ClientConfig;
  /** `server_version_num` div 10000. */
  readonly major: number;
  /** Whether the server is this project's own embedded one. */
  readonly embedded: boolean;
  /** For messages, without secrets: `localhost:5432/app`. */
  readonly description: string;
}

/** What of the settings decides on the server. */
export type ServerSettings = Pick<Settings, 'connection' | 'shadowConnection' | 'root' | 'stateDirectory'>;

/** The database that is used on the embedded server. */
const embeddedDatabase = 'knex_squash';

/** The majors that the catalog is read and written for. */
const oldestMajor = 14;
const newestMajor = 18;

/**
 * Runs `fn` with the configured server, or with the project's embedded one, started when needed and
 * stopped after its last user, where nothing is configured.
 *
 * @throws SquashError SERVER_UNREACHABLE, SERVER_UNSUPPORTED (not PostgreSQL 14 to 18),
 *   EMBEDDED_UNAVAILABLE, or SHADOW_UNAVAILABLE when the shadow server is of another major.
 */
export async function withServer<T>(
  settings: ServerSettings,
  fn: (server: Server) => Promise<T>,
): Promise<T> {
  const { connection } = settings;
  if (connection !== null) return fn(await describeServers(connection, settings.shadowConnection, false));
  const options = { dataDirectory: settings.stateDirectory, root: settings.root, durable: true };
  return withEmbedded(options, async ({ config }) => {
    await ensureDatabase(config, embeddedDatabase);
    const target = onDatabase(config, embeddedDatabase);
    return fn(await describeServers(target, settings.shadowConnection, true));
  });
}

async function describeServers(
  target: ClientConfig,
  shadow: ClientConfig | null,
  embedded: boolean,
): Promise<Server> {
  const admin = await findAdmin(target);
  const major = await checkMajor(admin);
  if (shadow !== null) await checkShadow(shadow, major);
  const place = describeConnection(target);
  const description = embedded ? `the embedded PostgreSQL ${major} of this project (${place})` : place;
  return { target, admin, shadow: shadow ?? admin, major, embedded, description };
}

/** `postgres` where the role may connect to it, else the configured database itself. */
async function findAdmin(target: ClientConfig): Promise<ClientConfig> {
  const admin = onDatabase(target, 'postgres');
  // Missing, forbidden, unknown to a pooler or all unreachable: in the last case the target tells it.
  return withClient(admin, async () => admin).catch(() => target);
}

async function checkShadow(shadow: ClientConfig, major: number): Promise<void> {
  const shadowMajor = await checkMajor(shadow);
  if (shadowMajor === major) return;
  throw new SquashError(
    'SHADOW_UNAVAILABLE',
    `the shadow server ${describeServer(shadow)} is PostgreSQL ${shadowMajor}, the configured one is ${major}, and majors print the same object differently`,
    { hint: `Point --shadow-url at a server of PostgreSQL ${major}.` },
  );
}

async function checkMajor(config: ClientConfig): Promise<number> {
  const { rows } = await withClient(config, (client) =>
    client.query<{ num: number; version: string }>(
      "SELECT current_setting('server_version_num')::integer AS num, current_setting('server_version') AS version",
    ),
  );
  const major = Math.trunc((rows[0]?.num ?? 0) / 10_000);
  if (major >= oldestMajor && major <= newestMajor) return major;
  const age = major < oldestMajor ? 'older' : 'newer';
  throw new SquashError(
    'SERVER_UNSUPPORTED',
    `${describeServer(config)} is PostgreSQL ${rows[0]?.version}, ${age} than the supported ${oldestMajor} to ${newestMajor}`,
    {
      hint:
        age === 'older' ? `Upgrade the server to ${oldestMajor} or later.` : 'Look for a newer knex-squash.',
    },
  );
}

async function ensureDatabase(admin: ClientConfig, name: string): Promise<void> {
  await withClient(admin, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_database WHERE datname = $1', [name]);
    if (rowCount !== 0) return;
    try {
      await client.query(`CREATE DATABASE ${quoteIdent(name)} TEMPLATE template0`);
    } catch (error) {
      // Another command made it at the same moment.
      if (!['42P04', '23505'].includes(errorCode(error) ?? '')) throw error;
    }
  });
}
