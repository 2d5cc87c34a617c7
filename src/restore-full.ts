import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ClientConfig } from 'pg';
import { type Backup, listBackups, readBackup } from './backup/folder.js';
import {
  type RestoreJournal,
  readRestoreJournal,
  removeRestoreJournal,
  writeRestoreJournal,
} from './backup/journal.js';
import type { DatabaseProperties } from './backup/manifest.js';
import { propertyStatements, readProperties } from './backup/properties.js';
import { freeName, swapDatabases } from './backup/rename.js';
import { restoreInto } from './backup/restore.js';
import {
  type BackupOptions,
  backupFolder,
  defaultJobs,
  differencesOf,
  differs,
  refuseOtherMajor,
  reporter,
} from './backup.js';
import { type Confirmation, confirmName, refuseProduction } from './confirm.js';
import { databaseName, describeServer, errorCode, onDatabase, withClient } from './database/client.js';
import { createDatabaseClauses } from './database/locale.js';
import { type Server, withServer } from './database/server.js';
import { dropSubscriptions } from './database/shadow.js';
import { quoteIdent } from './database/sql.js';
import { SquashError } from './errors.js';
import { failpoint } from './failpoint.js';
import type { Settings } from './settings/settings.js';

export interface RestoreFullOptions
  extends Confirmation,
    Pick<BackupOptions, 'jobs' | 'onServer' | 'onProgress'> {
  /** The backup: its name in the backups, or a path. By default the newest that is verified. */
  readonly from?: string;
  /** A new database beside the configured one, which stays as it is. */
  readonly into?: string;
  readonly dryRun?: boolean;
}

export interface RestoredDatabase {
  /** The backup's folder. */
  readonly backup: string;
  readonly database: string;
  /** What the former database is called now; null where there was none. */
  readonly kept: string | null;
  readonly tables: number;
  readonly rows: number;
  /** A restore that had been cut off was only carried to its end. */
  readonly continued: boolean;
}

/**
 * Restores a backup into a temporary database, compares it, and only then puts it into the place of the
 * configured one, which is kept under another name. Cut off in between, a rerun goes on.
 *
 * @throws SquashError NOT_CONFIRMED, BACKUP_MISSING, BACKUP_INVALID, BACKUP_DIFFERS, RESTORE_FAILED,
 *   SERVER_UNSUPPORTED. The configured database is untouched then.
 */
export async function restoreFull(
  settings: Settings,
  options: RestoreFullOptions,
): Promise<RestoredDatabase> {
  if (options.into === undefined && options.dryRun !== true) {
    refuseProduction(settings, 'whose database is not replaced', options);
  }
  const backup = await readBackup(await chooseBackup(settings, options.from));
  return withServer(settings, async (server) => {
    options.onServer?.(server);
    refuseOtherMajor(server, backup);
    if (backup.manifest.schemaOnly && options.into === undefined) throw noRows(backup);
    const target = options.into ?? databaseName(server.target) ?? '';
    if (options.into === undefined && options.dryRun !== true) {
      const loss = `${server.description} may be replaced`;
      await confirmName(target, loss, options);
    }
    const plan = await planRestore(server, backup, target, options);
    if (options.dryRun === true) return told(backup, plan, false);
    const journalPath = join(settings.stateDirectory, 'restore.json');
    return run({ server, backup, plan, journalPath, options });
  });
}

function noRows({ folder }: Backup): SquashError {
  return new SquashError(
    'RESTORE_FAILED',
    `${folder} holds a schema without rows, so it replaces no database`,
    {
      hint: 'Nothing was touched. Restore it beside the database with --into NAME.',
    },
  );
}

/** The names that a restore uses, and what it finds. */
interface Plan {
  readonly target: string;
  readonly temporary: string;
  readonly kept: string | null;
  /** Of the database that is replaced, else of the one that was backed up. */
  readonly properties: DatabaseProperties;
}

interface Run {
  readonly server: Server;
  readonly backup: Backup;
  readonly plan: Plan;
  readonly journalPath: string;
  readonly options: RestoreFullOptions;
}

async function chooseBackup(settings: Settings, from: string | undefined): Promise<string> {
  if (from !== undefined) return backupFolder(settings, from);
  const found = await listBackups(settings.backups);
  const verified = found.find(
    ({ manifest }) => manifest !== null && manifest.verified !== null && !manifest.schemaOnly,
  );
  if (verified !== undefined) return join(settings.backups, verified.name);
  const others = found.map(({ name }) => name).slice(0, 3);
  throw new SquashError(
    'BACKUP_MISSING',
    `no verified backup of a whole database lies in ${settings.backups}`,
    {
      hint:
        others.length === 0
          ? 'Pass --from with its folder, or --backups with the folder that holds it.'
          : `Verify one (knex-squash backup verify ${others[0]}), or pass --from.`,
    },
  );
}

async function planRestore(
  { admin, target: config }: Server,
  { manifest }: Backup,
  target: string,
  { into }: RestoreFullOptions,
): Promise<Plan> {
  return withClient(admin, async (client) => {
    const { rows } = await client.query<{ exists: boolean; stamp: string; current: string }>(
      `SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1) AS exists, current_database() AS current,
         to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') AS stamp`,
      [target],
    );
    const { exists = false, stamp = '', current = '' } = rows[0] ?? {};
    if (exists && into !== undefined) {
      throw new SquashError('RESTORE_FAILED', `the database "${into}" exists already`, {
        hint: 'Nothing was touched. Choose another name for --into.',
      });
    }
    if (current === target) {
      throw new SquashError(
        'RESTORE_FAILED',
        `"${target}" is the only database to connect to, so it can't be replaced`,
        {
          hint: 'Nothing was touched. Restore beside it with --into NAME.',
        },
      );
    }
    return {
      target,
      temporary: `knex_squash_restore_${stamp}_${randomBytes(4).toString('hex')}`,
      kept: exists ? await freeName(client, target, stamp) : null,
      properties: exists ? await withClient(onDatabase(config, target), readProperties) : manifest.database,
    };
  });
}

async function run(work: Run): Promise<RestoredDatabase> {
  const { server, backup, journalPath } = work;
  const left = await readRestoreJournal(journalPath);
  const isOurs = left !== null && left.server === describeServer(server.admin);
  if (isOurs) {
    const done = await resume(work, left);
    if (done !== null) return done;
  }
  const { plan } = work;
  const journal: RestoreJournal = {
    formatVersion: 1,
    server: describeServer(server.admin),
    backup: backup.manifest.sha256,
    target: plan.target,
    temporary: plan.temporary,
    kept: plan.kept,
    phase: 'restoring',
  };
  await writeRestoreJournal(journalPath, journal);
  failpoint('restore-full.started');
  try {
    await fill(work);
    await writeRestoreJournal(journalPath, { ...journal, phase: 'ready' });
    failpoint('restore-full.ready');
    await swapDatabases(server.admin, plan);
  } catch (error) {
    // The first error counts; what stays is named in the journal.
    const isGone = await dropTemporary(server.admin, plan.temporary).then(
      () => true,
      () => false,
    );
    if (isGone) await removeRestoreJournal(journalPath);
    throw error;
  }
  failpoint('restore-full.swapped');
  await removeRestoreJournal(journalPath);
  return told(backup, plan, false);
}

/** Goes on from where another run was cut off; null where everything is to be done anew. */
async function resume(work: Run, left: RestoreJournal): Promise<RestoredDatabase | null> {
  const { server, backup, plan, journalPath } = work;
  const isSame = left.backup === backup.manifest.sha256 && left.target === plan.target;
  const found = await withClient(server.admin, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      'SELECT datname FROM pg_catalog.pg_database WHERE datname = ANY ($1)',
      [[left.temporary, left.kept, left.target]],
    );
    return new Set(rows.map(({ datname }) => datname));
  });
  if (!found.has(left.temporary)) {
    // Cut off before it was made, or after the renames, which are one.
    const isSwapped =
      left.phase === 'ready' && found.has(left.target) && (left.kept === null || found.has(left.kept));
    await removeRestoreJournal(journalPath);
    return isSame && isSwapped ? told(backup, left, true) : null;
  }
  if (isSame && left.phase === 'ready') {
    const differences = await differencesOf(onDatabase(server.admin, left.temporary), backup);
    if (differences.length === 0) {
      await swapDatabases(server.admin, left);
      await removeRestoreJournal(journalPath);
      return told(backup, left, true);
    }
  }
  await dropTemporary(server.admin, left.temporary);
  await removeRestoreJournal(journalPath);
  return null;
}

/** Makes the temporary database, fills it, and compares it with the backup. */
async function fill({ server, backup, plan, options }: Run): Promise<void> {
  const { admin } = server;
  const temporary = onDatabase(admin, plan.temporary);
  const clauses = createDatabaseClauses(backup.manifest.database.locale).join(' ');
  await withClient(admin, (client) =>
    client.query(`CREATE DATABASE ${quoteIdent(plan.temporary)} TEMPLATE template0 ${clauses}`),
  ).catch(notCreated);
  failpoint('restore-full.created');
  const work = { jobs: options.jobs ?? defaultJobs(), onProgress: reporter(options) };
  await restoreInto(temporary, backup, work);
  failpoint('restore-full.restored');
  options.onProgress?.('compare');
  const differences = await differencesOf(temporary, backup);
  if (differences.length > 0) throw differs(backup.folder, differences);
  await giveProperties(admin, temporary, plan);
}

async function giveProperties(
  admin: ClientConfig,
  temporary: ClientConfig,
  { temporary: name, properties }: Plan,
): Promise<void> {
  await withClient(admin, (client) =>
    client.query(['BEGIN', ...propertyStatements(name, properties), 'COMMIT'].join(';\n')),
  );
  const { name: _, locale: __, ...wanted } = properties;
  const { name: ___, locale: ____, ...got } = await withClient(temporary, readProperties);
  if (isDeepStrictEqual(plain(got), plain(wanted))) return;
  throw new SquashError(
    'RESTORE_FAILED',
    `the restored database didn't take the owner, grants and settings of the old one`,
    {
      hint: `Nothing was touched. Expected ${JSON.stringify(wanted)}, found ${JSON.stringify(got)}.`,
    },
  );
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

async function dropTemporary(admin: ClientConfig, name: string): Promise<void> {
  await withClient(admin, async (client) => {
    const drop = () => client.query(`DROP DATABASE IF EXISTS ${quoteIdent(name)} WITH (FORCE)`);
    await drop().catch(async (error) => {
      // A database with subscriptions can't be dropped.
      if (errorCode(error) !== '55006') throw error;
      await withClient(onDatabase(admin, name), dropSubscriptions);
      await drop();
    });
  });
}

function notCreated(cause: unknown): never {
  if (errorCode(cause) !== '42501') throw cause;
  throw new SquashError(
    'RESTORE_FAILED',
    'this role may not create databases, so nothing can be restored beside the old one',
    {
      hint: 'Nothing was touched. Restore as a role with CREATEDB, or by hand: the README.md of the backup says how.',
      cause,
    },
  );
}

function told(
  { folder, manifest }: Backup,
  { target, kept }: Pick<Plan, 'target' | 'kept'>,
  continued: boolean,
): RestoredDatabase {
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  return { backup: folder, database: target, kept, tables: manifest.tables.length, rows, continued };
}
