import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { archiveNamePattern } from './archive/manifest.js';
import { readArchive } from './archive/read.js';
import { type RestoredFiles, restoreMigrations as restoreFiles, restoreLedger } from './archive/restore.js';
import { recoverSwap } from './archive/swap.js';
import { withClient } from './database/client.js';
import { type Server, withServer } from './database/server.js';
import { SquashError } from './errors.js';
import { journalPath } from './follow/project.js';
import { readLedger } from './history/ledger.js';
import type { LedgerRow } from './history/migration.js';
import type { Settings } from './settings/settings.js';

export interface RestoreOptions {
  /** The archive: its folder's name in the backups, or a path. By default the newest. */
  readonly from?: string;
  readonly dryRun?: boolean;
  readonly onServer?: (server: Server) => void;
}

export interface RestoredMigrations extends Pick<RestoredFiles, 'restored' | 'removed'> {
  /** The archive's folder. */
  readonly archive: string;
  /** The ledger rows that the configured database got back. */
  readonly ledger: readonly LedgerRow[];
}

/**
 * The way back from a squash: the original files byte for byte, and the ledger rows of the configured
 * database with their ids, batches and times. Cut off in between, a rerun does the rest.
 *
 * @throws SquashError ARCHIVE_MISSING, ARCHIVE_INVALID, FILES_CHANGED, FILE_UNWRITABLE, LOCK_TIMEOUT.
 */
export async function restoreMigrations(
  settings: Settings,
  options: RestoreOptions = {},
): Promise<RestoredMigrations> {
  const places = { folders: settings.migrations.directories, journalPath: journalPath(settings) };
  await recoverSwap(places);
  const folder =
    options.from === undefined ? await newestArchive(settings.backups) : findFolder(settings, options.from);
  const { manifest } = await readArchive(folder);
  if (options.dryRun === true) {
    const restored = manifest.files.map(({ originalPath }) => resolve(settings.root, originalPath));
    return { archive: folder, restored, removed: resolve(settings.root, manifest.baseline.path), ledger: [] };
  }
  const { restored, removed } = await restoreFiles({ ...places, archive: folder, root: settings.root });
  const ledger = await withServer(settings, async (server) => {
    options.onServer?.(server);
    const ledger = { ...settings.migrations, searchPath: settings.searchPath };
    const rows = await withClient(server.target, (client) => readLedger(client, ledger));
    return rows === null ? [] : restoreLedger(server.target, ledger, manifest);
  });
  return { archive: folder, restored, removed, ledger };
}

function findFolder({ backups, root }: Settings, from: string): string {
  return archiveNamePattern.test(from) ? join(backups, from) : resolve(root, from);
}

async function newestArchive(backups: string): Promise<string> {
  const names = (await readdir(backups).catch(() => []))
    .filter((name) => archiveNamePattern.test(name))
    .sort();
  const newest = names.at(-1);
  if (newest !== undefined) return join(backups, newest);
  throw new SquashError('ARCHIVE_MISSING', `no archive lies in ${backups}`, {
    hint: 'Pass --from with the folder that the squash made, or --backups with the folder that holds it.',
  });
}
