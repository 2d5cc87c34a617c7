import type { ClientConfig } from 'pg';
import { isSquashError, SquashError } from '../errors.js';
import { type OnProgress, restoreByDriver } from './driver.js';
import { type Backup, textOf } from './folder.js';
import { restoreByPgRestore } from './pg-dump.js';

export interface RestoreWork {
  readonly jobs: number;
  readonly onProgress: OnProgress;
}

/**
 * Fills an empty database from a backup whose hashes were checked.
 *
 * @throws SquashError RESTORE_FAILED with the server's complaint; BACKUP_INVALID.
 */
export async function restoreInto(
  config: ClientConfig,
  { folder, manifest }: Backup,
  work: RestoreWork,
): Promise<void> {
  const readText = (path: string): Promise<string> => textOf(folder, manifest, path);
  try {
    if (manifest.engine === 'pg_dump') {
      await restoreByPgRestore(config, folder, manifest, { ...work, readText });
    } else {
      await restoreByDriver(config, { folder, manifest, readText, ...work });
    }
  } catch (cause) {
    if (isSquashError(cause)) throw cause;
    throw new SquashError('RESTORE_FAILED', `${folder} could not be restored: ${(cause as Error).message}`, {
      hint: 'Nothing but the temporary database was touched. Roles, extensions and tablespaces that it names must be there on the server.',
      cause,
    });
  }
}
