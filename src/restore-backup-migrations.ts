import { join, resolve } from 'node:path';
import { rowsFilesOf } from './archive/rows-files.js';
import { type ComingFile, swapFiles } from './archive/swap.js';
import { type Backup, withBackup } from './backup/read.js';
import { type Server, withServer } from './database/server.js';
import { SquashError } from './errors.js';
import { hashOf } from './files/durable.js';
import { journalPath } from './follow/project.js';
import { type BaselineFile, listBaselines } from './history/baselines.js';
import { listHistory } from './history/files.js';
import type { LedgerRow } from './history/migration.js';
import { giveLedgerBack } from './ledger-back.js';
import type { Settings } from './settings/settings.js';

interface Options {
  readonly dryRun?: boolean;
  readonly onServer?: (server: Server) => void;
}

/**
 * Puts the migration files of a backup back in one swap. A baseline that has replaced some of them since
 * goes, and the ledger gets its rows back; whatever else lies there stays.
 *
 * @throws SquashError BACKUP_INVALID; FILES_CHANGED where another file has taken a place; LOCK_TIMEOUT.
 */
export async function restoreFromBackup(settings: Settings, folder: string, options: Options) {
  return withBackup(folder, settings.encryption, (backup) => restoreFiles(settings, backup, options));
}

async function restoreFiles(settings: Settings, backup: Backup, options: Options) {
  const { folder, manifest } = backup;
  if (manifest.migrations.length === 0) {
    throw new SquashError('BACKUP_INVALID', `${folder} holds no migrations`, {
      hint: 'It was made in a folder without any: choose another with --from.',
    });
  }
  const names = new Set(manifest.migrations.flatMap(({ name }) => name ?? []));
  const replacing = (await presentBaselines(settings)).filter(
    ({ name, replaces }) => !names.has(name) && replaces.some((replaced) => names.has(replaced.name)),
  );
  const add = await comingFiles(settings, backup);
  const remove = [];
  for (const file of replacing.flatMap((each) => [each, ...rowsFilesOf(each)])) {
    const { path, sha256 } = file;
    if ((await hashOf(path)) !== null) remove.push({ path, sha256 });
  }
  const done = {
    archive: folder,
    restored: add.map(({ path }) => path),
    removed: replacing.at(-1)?.path ?? null,
    ledger: [] as readonly LedgerRow[],
  };
  if (options.dryRun === true) return done;
  const places = { folders: settings.migrations.directories, journalPath: journalPath(settings) };
  await swapFiles({ ...places, remove, add });
  const ledger = await withServer(settings, async (server) => {
    options.onServer?.(server);
    const rows: LedgerRow[] = [];
    for (const { revision, name, replaces } of replacing.toReversed()) {
      rows.push(...(await giveLedgerBack(server.target, settings, revision, name, replaces)));
    }
    return rows;
  });
  return { ...done, ledger };
}

async function presentBaselines(settings: Settings): Promise<readonly BaselineFile[]> {
  // Without a single migration there is no baseline either.
  return listBaselines(await listHistory(settings.migrations).catch(() => []));
}

async function comingFiles(
  { root }: Settings,
  { files: folder, manifest: { migrations, files } }: Backup,
): Promise<readonly ComingFile[]> {
  const hashes = new Map(files.map(({ path, sha256 }) => [path, sha256]));
  const coming: ComingFile[] = [];
  for (const { path, originalPath } of migrations) {
    const sha256 = hashes.get(path) ?? '';
    const place = resolve(root, originalPath);
    if ((await hashOf(place)) !== sha256) coming.push({ path: place, source: join(folder, path), sha256 });
  }
  return coming;
}
