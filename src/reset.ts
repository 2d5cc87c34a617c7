import { readdir } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import type { Knex } from 'knex';
import pg, { type ClientConfig } from 'pg';
import { readLive } from './adopt/live.js';
import { script } from './baseline/script.js';
import { type Confirmation, confirmName, refuseProduction } from './confirm.js';
import { errorCode, type Queryable, withClient } from './database/client.js';
import { createDatabaseClauses, readLocale } from './database/locale.js';
import { type Server, withServer } from './database/server.js';
import { quoteIdent } from './database/sql.js';
import { SquashError } from './errors.js';
import { failpoint } from './failpoint.js';
import { ledgerSettings } from './follow/examine.js';
import { withKnex } from './history/connect.js';
import { locateLedger } from './history/ledger.js';
import { loadSeed } from './history/load.js';
import { inTransaction } from './history/transaction.js';
import { type MigrateOptions, up } from './migrate.js';
import type { Settings } from './settings/settings.js';

export interface ResetOptions extends MigrateOptions, Confirmation {
  /** Drops the database itself and makes it anew, with whatever this product knows nothing of. */
  readonly dropDatabase?: boolean;
  /** Runs Knex's seeds afterwards. */
  readonly seed?: boolean;
  readonly dryRun?: boolean;
}

export interface ResetResult {
  readonly database: string;
  /** How many objects were dropped; null where the database itself was. */
  readonly dropped: number | null;
  /** Statements for objects of other owners, which stay. */
  readonly kept: readonly string[];
  readonly ran: readonly string[];
  readonly seeds: readonly string[];
}

/**
 * Empties the configured database and builds it again: everything is dropped that its user owns, the
 * migrations run, and on request the seeds.
 *
 * @throws SquashError NOT_CONFIRMED unless the database's name was given, and under
 *   NODE_ENV=production without its own permission; whatever `up` throws. Nothing is dropped unless
 *   all of it could be.
 */
export async function reset(settings: Settings, options: ResetOptions): Promise<ResetResult> {
  refuseProduction(settings, 'whose database is not reset', options);
  return withServer(settings, async (server) => {
    options.onServer?.(server);
    const database = new pg.Client(server.target).database ?? '';
    if (options.dryRun !== true) {
      const loss = `everything in ${server.description} may be dropped`;
      await confirmName(database, loss, options);
    }
    const { dropped, kept } = await empty(server, database, settings, options);
    if (options.dryRun === true) return { database, dropped, kept, ran: [], seeds: [] };
    const { ran } = await up(settings, options);
    const seeds = options.seed === true ? await runSeeds(server.target, settings) : [];
    return { database, dropped, kept, ran, seeds };
  });
}

type Emptied = Pick<ResetResult, 'dropped' | 'kept'>;

async function empty(
  server: Server,
  database: string,
  settings: Settings,
  { dropDatabase, dryRun }: ResetOptions,
): Promise<Emptied> {
  if (dropDatabase === true) {
    if (dryRun !== true) await makeAnew(server, database);
    return { dropped: null, kept: [] };
  }
  const statements = await dropStatements(server.target, settings);
  if (dryRun === true) return { dropped: statements.length, kept: [] };
  const kept = await withClient(server.target, (client) =>
    inTransaction(client, server.target, async () => dropAll(client, statements)),
  );
  return { dropped: statements.length - kept.length, kept };
}

/** What a baseline of this very database would do on its way down, and then the ledger. */
async function dropStatements(target: ClientConfig, settings: Settings): Promise<readonly string[]> {
  const ledger = ledgerSettings(settings);
  const { catalog } = await readLive(target, ledger);
  const { sql } = await withClient(target, (client) => locateLedger(client, ledger));
  const objects = catalog === null ? [] : script(catalog.catalog, [], []).down;
  return [...objects, ...Object.values(sql).map((table) => `DROP TABLE IF EXISTS ${table}`)];
}

/** @returns the statements for which this role has no right: others own these objects. */
async function dropAll(client: Queryable, statements: readonly string[]): Promise<readonly string[]> {
  const kept: string[] = [];
  for (const statement of statements) {
    await client.query('SAVEPOINT before_drop');
    try {
      await client.query(statement);
      await client.query('RELEASE before_drop');
    } catch (error) {
      if (errorCode(error) !== '42501') throw error;
      await client.query('ROLLBACK TO before_drop');
      kept.push(statement);
    }
  }
  failpoint('reset.dropped');
  return kept;
}

async function makeAnew({ target, admin }: Server, database: string): Promise<void> {
  if (new pg.Client(admin).database === database) {
    throw new SquashError(
      'NOT_CONFIRMED',
      `"${database}" is the only database to connect to, so it can't be dropped`,
      {
        hint: 'Leave out --drop-database: everything in it is dropped then.',
      },
    );
  }
  const locale = await withClient(target, readLocale);
  await withClient(admin, async (client) => {
    const name = quoteIdent(database);
    const { rows } = await client.query<{ owner: string }>(
      'SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1',
      [database],
    );
    await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
    const clauses = createDatabaseClauses(locale).join(' ');
    await client.query(
      `CREATE DATABASE ${name} OWNER ${quoteIdent(rows[0]?.owner ?? '')} TEMPLATE template0 ${clauses}`,
    );
  });
}

async function runSeeds(target: ClientConfig, settings: Settings): Promise<readonly string[]> {
  const files = await listSeeds(settings);
  await withKnex(target, settings, async (knex: Knex) => {
    for (const file of files) await (await loadSeed(file)).seed(knex);
  });
  return files;
}

/** As knex/lib/migrations/seed/sources/fs-seeds.js without its subfolders; relative to the knexfile. */
async function listSeeds({ knexConfig, root }: Settings): Promise<readonly string[]> {
  const { directory = './seeds', loadExtensions = ['.js', '.cjs', '.mjs', '.ts'] } = knexConfig.seeds ?? {};
  const folders = [directory].flat().map((folder) => resolve(root, folder));
  const found: string[] = [];
  for (const folder of folders) {
    const names = await readdir(folder).catch((cause: Error) => {
      throw new SquashError('SETTINGS_INVALID', `the folder of seeds can't be read: ${cause.message}`, {
        hint: 'Check seeds.directory in the knexfile.',
      });
    });
    found.push(
      ...names.filter((name) => loadExtensions.includes(extname(name))).map((name) => join(folder, name)),
    );
  }
  return found.sort();
}
