import { basename, dirname } from 'node:path';
import type { ClientConfig } from 'pg';
import { compareRestored, type RestoreDifference } from './backup/compare.js';
import { markVerified, removeBackup } from './backup/folder.js';
import { type Backup, withBackup } from './backup/read.js';
import { restoreInto } from './backup/restore.js';
import { reporter } from './backup/work.js';
import { withClient } from './database/client.js';
import { type Server, withServer } from './database/server.js';
import { withShadow } from './database/shadow.js';
import { isSquashError, SquashError } from './errors.js';
import { listHistory } from './history/files.js';
import { backupFolder } from './list-backups.js';
import type { Settings } from './settings/settings.js';
import { toolVersion } from './version.js';
import { type BackupOptions, type FullBackup, writeBackup } from './write-backup.js';

export type { BackupOptions, FullBackup } from './write-backup.js';

/**
 * Backs the configured database up, whole and of one moment, and proves the backup by restoring it.
 *
 * @throws SquashError OBJECT_UNSUPPORTED, FILE_UNWRITABLE: nothing is left then; BACKUP_DIFFERS,
 *   RESTORE_FAILED, SHADOW_UNAVAILABLE: the backup is left, unverified.
 */
export async function backupFull(settings: Settings, options: BackupOptions = {}): Promise<FullBackup> {
  return withServer(settings, async (server) => {
    options.onServer?.(server);
    const made = await writeBackup(settings, server.target, options);
    if (options.verify === false) return made;
    try {
      return await proved(settings, server, made, options);
    } catch (error) {
      // pg_dump loses some things, as its own restore shows; whoever has asked for it is told so.
      if (made.manifest.engine === 'driver' || options.engine !== undefined || !isLoss(error)) throw error;
      return await insteadOf(made, error, settings, server, options);
    }
  });
}

const proved = (settings: Settings, server: Server, made: FullBackup, options: BackupOptions) =>
  withBackup(made.folder, settings.encryption, (backup) => verify(server, backup, options));

function isLoss(error: unknown): error is SquashError {
  return isSquashError(error) && ['BACKUP_DIFFERS', 'RESTORE_FAILED'].includes(error.code);
}

/** Makes a backup by our own engine in the place of one that pg_dump's restore made something else of. */
async function insteadOf(
  lossy: FullBackup,
  cause: SquashError,
  settings: Settings,
  server: Server,
  options: BackupOptions,
): Promise<FullBackup> {
  const byDriver = { ...options, engine: 'driver' } as const;
  let made: FullBackup;
  try {
    made = await proved(settings, server, await writeBackup(settings, server.target, byDriver), byDriver);
  } catch {
    // The first error counts.
    throw cause;
  }
  await removeBackup(dirname(lossy.folder), basename(lossy.folder));
  return { ...made, insteadOf: cause.message };
}

/**
 * Backs up the migration files, the ledger's rows and the schema of the configured database, and
 * proves the schema by restoring it.
 *
 * @throws SquashError as {@link backupFull}, and HISTORY_EMPTY.
 */
export async function backupMigrations(
  settings: Settings,
  options: Omit<BackupOptions, 'engine' | 'schemaOnly' | 'kind'> = {},
): Promise<FullBackup> {
  await listHistory(settings.migrations);
  return backupFull(settings, { ...options, engine: 'driver', schemaOnly: true, kind: 'migrations' });
}

export interface VerifyOptions extends Pick<BackupOptions, 'jobs' | 'onServer' | 'onProgress'> {}

/**
 * Checks every hash of a backup, restores it into a scratch database and compares catalog, owners,
 * grants, rows and positions; what is equal is marked as verified.
 *
 * @throws SquashError BACKUP_INVALID, BACKUP_DIFFERS, RESTORE_FAILED, SHADOW_UNAVAILABLE.
 */
export async function verifyBackup(
  settings: Settings,
  name: string,
  options: VerifyOptions = {},
): Promise<FullBackup> {
  return withBackup(backupFolder(settings, name), settings.encryption, (backup) =>
    withServer(settings, async (server) => {
      options.onServer?.(server);
      return verify(server, backup, options);
    }),
  );
}

async function verify(server: Server, backup: Backup, options: VerifyOptions): Promise<FullBackup> {
  const { manifest, folder } = backup;
  refuseOtherMajor(server, backup);
  const work = { jobs: options.jobs ?? null, onProgress: reporter(options) };
  const differences = await withShadow(server.shadow, { like: manifest.database.locale }, async (scratch) => {
    await restoreInto(scratch, backup, work);
    options.onProgress?.('compare');
    return differencesOf(scratch, backup);
  });
  if (differences.length > 0) throw differs(backup, differences);
  const { rows } = await withClient(server.shadow, (client) =>
    client.query<{ at: Date; version: string }>(
      `SELECT clock_timestamp() AS at, current_setting('server_version') AS version`,
    ),
  );
  const [row] = rows;
  const proof = { at: row?.at.toISOString() ?? '', serverVersion: row?.version ?? '', toolVersion };
  return { folder, manifest: await markVerified(backup, proof) };
}

/** In what a restored database is not what the backup says. */
export async function differencesOf(
  restored: ClientConfig,
  { catalog, manifest }: Backup,
): Promise<readonly RestoreDifference[]> {
  return compareRestored(restored, { ...manifest, catalog });
}

/** The major's own catalog is compared, and majors print the same object differently. */
export function refuseOtherMajor({ major, description }: Server, { folder, manifest }: Backup): void {
  if (manifest.server.major === major) return;
  throw new SquashError(
    'SERVER_UNSUPPORTED',
    `${folder} is of PostgreSQL ${manifest.server.major}, and ${description} is ${major}`,
    { hint: 'Restore it on a server of its own major, or by hand: its README.md says how.' },
  );
}

export function differs(
  { folder, manifest }: Pick<Backup, 'folder' | 'manifest'>,
  differences: readonly RestoreDifference[],
): SquashError {
  const lines = differences.slice(0, 20).map(({ object, detail }) => `\n  ${object}: ${detail}`);
  const more = differences.length > 20 ? `\n  and ${differences.length - 20} more` : '';
  return new SquashError(
    'BACKUP_DIFFERS',
    `what ${folder} restores is not what was backed up:${lines.join('')}${more}`,
    {
      hint:
        manifest.engine === 'pg_dump'
          ? 'pg_dump carries not all of it: use --engine driver, which is proved in the same way.'
          : 'Do not rely on this backup. Please report it, with the objects named above.',
    },
  );
}
