import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { rowsFilesOf } from './archive/rows-files.js';
import { fromRoot } from './attachments.js';
import type { Staging, WrittenFile } from './backup/folder.js';
import type { BackupManifest } from './backup/manifest.js';
import { SquashError } from './errors.js';
import { portableName } from './files/paths.js';
import { listBaselines } from './history/baselines.js';
import { listHistory } from './history/files.js';
import { sha256 } from './history/hash.js';
import type { Settings } from './settings/settings.js';

/** What of a project goes into a backup. */
interface CopiedMigrations {
  readonly migrations: BackupManifest['migrations'];
  readonly files: readonly WrittenFile[];
}

/** Copies the project's migrations, and the files of rows that lie beside its baselines; none where it has none. */
export async function copyMigrations(settings: Settings, staging: Staging): Promise<CopiedMigrations> {
  const isThere =
    settings.migrations.migrationSource !== null || settings.migrations.directories.some(existsSync);
  const history = isThere ? await listHistory(settings.migrations).catch(noneAtAll) : [];
  const beside = (await listBaselines(history)).flatMap(rowsFilesOf);
  const wanted = [...history, ...beside.map((file) => ({ ...file, name: null }))];
  const migrations: BackupManifest['migrations'] = [];
  const files: WrittenFile[] = [];
  for (const { name, path, sha256: expected } of wanted) {
    if (path === null) continue;
    const contents = await readFile(path);
    if (sha256(contents) !== expected) {
      throw new SquashError('FILES_CHANGED', `${path} has changed since it was read`, {
        hint: 'Nothing was written: run the command again.',
      });
    }
    const place = `migrations/${String(migrations.length + 1).padStart(4, '0')}-${portableName(basename(path))}`;
    files.push(await staging.write(place, contents));
    migrations.push({ name, path: place, originalPath: fromRoot(settings.root, path) });
  }
  return { migrations, files };
}

function noneAtAll(error: unknown): readonly [] {
  if ((error as SquashError).code === 'HISTORY_EMPTY') return [];
  throw error;
}
