import { resolve } from 'node:path';
import { removeBackup } from './backup/folder.js';
import { type BackupManifest, backupNamePattern } from './backup/manifest.js';
import { listBackups as listFolders, storedFiles } from './backup/read.js';
import type { Settings } from './settings/settings.js';

/** A line of `backup list`. */
export interface ListedBackup {
  readonly name: string;
  /** Null where the manifest can't be trusted. */
  readonly manifest: BackupManifest | null;
  /** Bytes of all files. */
  readonly size: number;
}

/** The backups, the latest first, their files unread. */
export async function listBackups({ backups }: Pick<Settings, 'backups'>): Promise<readonly ListedBackup[]> {
  return (await listFolders(backups)).map(({ name, manifest }) => ({
    name,
    manifest,
    size: (manifest === null ? [] : storedFiles(manifest)).reduce((sum, { size }) => sum + size, 0),
  }));
}

export interface PruneOptions {
  /** So many of each kind and database stay in any case, the latest ones. */
  readonly keep: number;
  /** Milliseconds; younger ones stay. */
  readonly maxAge?: number;
  readonly dryRun?: boolean;
  readonly now?: Date;
}

export interface PrunedBackups {
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

/**
 * Removes old backups. The last verified one of each kind and database stays whatever is asked for, and
 * so does what has no manifest that can be trusted: somebody has to look at it.
 */
export async function pruneBackups(
  { backups }: Pick<Settings, 'backups'>,
  { keep, maxAge = 0, dryRun = false, now = new Date() }: PruneOptions,
): Promise<PrunedBackups> {
  const found = await listFolders(backups);
  const counts = new Map<string, number>();
  const proved = new Set<string>();
  const removed: string[] = [];
  for (const { name, manifest } of found) {
    if (manifest === null) continue;
    const series = JSON.stringify([manifest.kind, manifest.schemaOnly, manifest.database.name]);
    const before = counts.get(series) ?? 0;
    counts.set(series, before + 1);
    const isLastProved = manifest.verified !== null && !proved.has(series);
    if (isLastProved) proved.add(series);
    const isOld = now.getTime() - Date.parse(manifest.createdAt) >= maxAge;
    if (before >= keep && isOld && !isLastProved) removed.push(name);
  }
  if (!dryRun) for (const name of removed) await removeBackup(backups, name);
  const gone = new Set(removed);
  return { removed, kept: found.map(({ name }) => name).filter((name) => !gone.has(name)) };
}

/** A folder by its name among the backups, or by a path. */
export function backupFolder({ backups, root }: Pick<Settings, 'backups' | 'root'>, name: string): string {
  return backupNamePattern.test(name) ? resolve(backups, name) : resolve(root, name);
}
