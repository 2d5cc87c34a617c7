import type { ClientConfig } from 'pg';
import { isSquashError, SquashError } from '../errors.js';
import { restoreByDriver } from './driver.js';
import { restoreByPgRestore } from './pg-dump.js';
import type { Backup } from './read.js';
import type { RestoreWork } from './work.js';

/**
 * Fills an empty database from a backup whose hashes were checked.
 *
 * @throws SquashError RESTORE_FAILED with the server's complaint; BACKUP_INVALID.
 */
export async function restoreInto(config: ClientConfig, backup: Backup, work: RestoreWork): Promise<void> {
  try {
    if (backup.manifest.engine === 'pg_dump') await restoreByPgRestore(config, backup, work);
    else await restoreByDriver(config, backup, work);
  } catch (cause) {
    throw notRestored(backup, cause, 'Nothing but the temporary database was touched.');
  }
}

/** @param touched what is true of the databases now. */
export function notRestored({ folder }: Backup, cause: unknown, touched: string): SquashError {
  if (isSquashError(cause)) return cause;
  return new SquashError('RESTORE_FAILED', `${folder} could not be restored: ${(cause as Error).message}`, {
    hint: `${touched} Roles, extensions and tablespaces that it names must be there on the server.`,
    cause,
  });
}
