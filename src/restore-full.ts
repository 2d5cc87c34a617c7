import { join } from 'node:path';
import { type Backup, listBackups, withBackup } from './backup/read.js';
import { type BackupOptions, refuseOtherMajor } from './backup.js';
import { type Confirmation, confirmName, refuseProduction } from './confirm.js';
import { databaseName, withClient } from './database/client.js';
import { type Server, withServer } from './database/server.js';
import { SquashError } from './errors.js';
import { backupFolder } from './list-backups.js';
import { planBeside, type RestoreEnd, restoreBeside } from './restore-beside.js';
import { restoreInPlace } from './restore-in-place.js';
import type { Settings } from './settings/settings.js';

export interface RestoreFullOptions
  extends Confirmation,
    Pick<BackupOptions, 'jobs' | 'onServer' | 'onProgress'> {
  /** The backup: its name in the backups, or a path. By default the newest that is verified. */
  readonly from?: string;
  /** A new database beside the configured one, which stays as it is. */
  readonly into?: string;
  /** Where the role may not swap databases: drops everything in the target, in the restore's transaction. */
  readonly clean?: boolean;
  readonly dryRun?: boolean;
}

export interface RestoredDatabase extends RestoreEnd {
  /** The backup's folder. */
  readonly backup: string;
  readonly database: string;
  readonly tables: number;
  readonly rows: number;
  /** Whether the database itself was filled, since the role may not put another into its place. */
  readonly inPlace: boolean;
}

/**
 * Restores a backup into a temporary database, compares it, and only then puts it into the place of the
 * configured one, which is kept under another name. Cut off in between, a rerun goes on. A role that may
 * not do that restores a verified backup in place, in one transaction.
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
  const folder = await chooseBackup(settings, options.from);
  return withBackup(folder, settings.encryption, (backup) =>
    withServer(settings, (server) => {
      options.onServer?.(server);
      return restore(settings, server, backup, options);
    }),
  );
}

async function restore(
  settings: Settings,
  server: Server,
  backup: Backup,
  options: RestoreFullOptions,
): Promise<RestoredDatabase> {
  refuseOtherMajor(server, backup);
  if (backup.manifest.schemaOnly && options.into === undefined) throw noRows(backup);
  const target = options.into ?? databaseName(server.target) ?? '';
  if (options.into === undefined && options.dryRun !== true) {
    const loss = `${server.description} may be replaced`;
    await confirmName(target, loss, options);
  }
  const place = await examine(server, target);
  if (place.exists && options.into !== undefined) throw isTaken(options.into);
  const inPlace = place.exists && !place.maySwap;
  const { tables, database } = { ...backup.manifest, database: target };
  const told = {
    ...{ backup: backup.folder, database, tables: tables.length, inPlace },
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
  };
  if (inPlace) {
    await restoreInPlace(server.target, backup, options);
    return { ...told, kept: null, continued: false };
  }
  const plan = await planBeside(server, backup, { target, ...place });
  if (options.dryRun === true) return { ...told, kept: plan.kept, continued: false };
  const journalPath = join(settings.stateDirectory, 'restore.json');
  return { ...told, ...(await restoreBeside({ server, backup, plan, journalPath, options })) };
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

function isTaken(database: string): SquashError {
  return new SquashError('RESTORE_FAILED', `the database "${database}" exists already`, {
    hint: 'Nothing was touched. Choose another name for --into.',
  });
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

interface Place {
  readonly exists: boolean;
  /** Whether this role may put another database into the place of this one, from a third one. */
  readonly maySwap: boolean;
  readonly stamp: string;
}

/** A rename takes the database's owner with CREATEDB, or a superuser (manual: ALTER DATABASE). */
async function examine({ admin }: Server, target: string): Promise<Place> {
  const { rows } = await withClient(admin, (client) =>
    client.query<Place>(
      `SELECT d.datname IS NOT NULL AS exists,
         current_database() <> $1 AND (r.rolsuper OR (r.rolcreatedb AND pg_has_role(d.datdba, 'USAGE'))) AS "maySwap",
         to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') AS stamp
       FROM pg_catalog.pg_roles r LEFT JOIN pg_catalog.pg_database d ON d.datname = $1
       WHERE r.rolname = current_user`,
      [target],
    ),
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the current role is not in pg_roles');
  return { ...row, maySwap: row.maySwap === true };
}
