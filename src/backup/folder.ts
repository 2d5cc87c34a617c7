import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprint } from '../catalog/fingerprint.js';
import type { Catalog } from '../catalog/model.js';
import { SquashError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import {
  asUnwritable,
  hashUnlinked,
  readUnlinked,
  replaceDurably,
  syncFolder,
  writeDurably,
} from '../files/durable.js';
import { listPlainFiles } from '../files/folder.js';
import { manifestName, stampOf } from '../files/paths.js';
import { sha256 } from '../history/hash.js';
import {
  type BackupManifest,
  backupNamePattern,
  catalogName,
  parseBackup,
  renderBackup,
  sealBackup,
} from './manifest.js';

/** A file of a backup, by its path in it. */
export type WrittenFile = BackupManifest['files'][number];

/** A backup whose every byte has been checked. */
export interface Backup {
  readonly folder: string;
  readonly manifest: BackupManifest;
  readonly catalog: Catalog;
}

/** A folder that becomes a backup once its manifest is there. */
export interface Staging {
  readonly folder: string;
  /** Writes a private file. */
  write(path: string, contents: string | Uint8Array): Promise<WrittenFile>;
  /** Writes the manifest and gives the folder its name. */
  finish(manifest: Omit<BackupManifest, 'sha256'>): Promise<string>;
}

const innerFolders = ['rows', 'migrations'];

/**
 * Runs `fn` with a private folder beside the backups; whatever happens before it is finished leaves
 * nothing that looks like a backup.
 *
 * @throws SquashError FILE_UNWRITABLE, and what `fn` throws.
 */
export async function withStaging<T>(
  backups: string,
  kind: BackupManifest['kind'],
  time: Date,
  fn: (staging: Staging) => Promise<T>,
): Promise<T> {
  const stamp = `${stampOf(time)}-${kind}`;
  const folder = join(backups, `.${stamp}-${process.pid}.tmp`);
  try {
    await mkdir(backups, { recursive: true, mode: 0o700 });
    await sweepStaging(backups);
    // Not recursive: who has put a link or a folder there before us is refused.
    await mkdir(folder, { mode: 0o700 });
    for (const inner of innerFolders) await mkdir(join(folder, inner), { mode: 0o700 });
    return await fn({
      folder,
      write: async (path, contents) => {
        await writeDurably(join(folder, path), contents, 0o600);
        failpoint('backup.file-written');
        return { path, sha256: sha256(contents), size: Buffer.byteLength(contents) };
      },
      finish: async (manifest) => {
        await writeDurably(join(folder, manifestName), renderBackup(sealBackup(manifest)), 0o600);
        for (const inner of innerFolders) await syncFolder(join(folder, inner));
        await syncFolder(folder);
        failpoint('backup.manifest-written');
        const place = freeName(backups, stamp);
        await rename(folder, place);
        await syncFolder(backups);
        failpoint('backup.finished');
        return place;
      },
    });
  } catch (error) {
    throw asUnwritable(error, backups);
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

/** Writes into the manifest that a restore was equal. */
export async function markVerified(
  { folder, manifest }: Backup,
  verified: NonNullable<BackupManifest['verified']>,
): Promise<Backup['manifest']> {
  const { sha256: _, ...rest } = manifest;
  const sealed = sealBackup({ ...rest, verified });
  await replaceDurably(join(folder, manifestName), renderBackup(sealed), 0o600);
  return sealed;
}

/**
 * Reads a backup and checks every byte of it against its manifest.
 *
 * @throws SquashError BACKUP_INVALID, naming the file, when anything is altered, missing, too much, or
 *   a link.
 */
export async function readBackup(folder: string): Promise<Backup> {
  const found = await listPlainFiles(folder, (path, flaw) => invalidBackup(folder, path, flaw));
  if (!found.includes(manifestName)) throw invalidBackup(folder, manifestName, 'is missing');
  const parsed = parseBackup((await readUnlinked(join(folder, manifestName))).toString());
  if ('flaw' in parsed) throw invalidBackup(folder, manifestName, parsed.flaw);
  const { manifest } = parsed;
  const listed = new Set([manifestName, ...manifest.files.map(({ path }) => path)]);
  for (const path of found) {
    if (!listed.has(path)) throw invalidBackup(folder, path, 'is not in its manifest');
  }
  for (const { path, sha256: expected, size } of manifest.files) {
    if (!found.includes(path)) throw invalidBackup(folder, path, 'is missing');
    // Sizes first: a truncated file of many gigabytes is found without reading it.
    if (
      (await lstat(join(folder, path))).size !== size ||
      (await hashUnlinked(join(folder, path))) !== expected
    )
      throw invalidBackup(folder, path, 'was altered');
  }
  const catalog = JSON.parse(await textOf(folder, manifest, catalogName)) as Catalog;
  if (fingerprint(catalog) !== manifest.fingerprint)
    throw invalidBackup(folder, catalogName, 'does not fit the fingerprint in its manifest');
  return { folder, manifest, catalog };
}

/** Whether a folder is a backup of ours, which an archive of a squash is not. */
export async function isBackup(folder: string): Promise<boolean> {
  const bytes = await readUnlinked(join(folder, manifestName)).catch(() => null);
  return bytes !== null && /"kind": "(full|migrations)"/.test(bytes.toString());
}

/** A text of a backup, checked as it is read. @throws SquashError BACKUP_INVALID */
export async function textOf(
  folder: string,
  { files }: Pick<BackupManifest, 'files'>,
  path: string,
): Promise<string> {
  const expected = files.find((file) => file.path === path)?.sha256;
  const bytes = await readUnlinked(join(folder, path)).catch(() => null);
  if (bytes === null || sha256(bytes) !== expected) throw invalidBackup(folder, path, 'was altered');
  return bytes.toString();
}

/** The backups in a folder, the latest first; a manifest that can't be trusted is null. */
export async function listBackups(
  backups: string,
): Promise<readonly { readonly name: string; readonly manifest: BackupManifest | null }[]> {
  const names = (await readdir(backups).catch(() => [])).filter((name) => backupNamePattern.test(name));
  return Promise.all(
    names
      .sort()
      .reverse()
      .map(async (name) => {
        const bytes = await readUnlinked(join(backups, name, manifestName)).catch(() => null);
        const parsed = parseBackup(bytes?.toString() ?? '');
        return { name, manifest: 'flaw' in parsed ? null : parsed.manifest };
      }),
  );
}

/** Removes a backup: its manifest first, so that one that is half gone is none. */
export async function removeBackup(backups: string, name: string): Promise<void> {
  await rm(join(backups, name, manifestName), { force: true });
  await rm(join(backups, name), { recursive: true, force: true });
}

export function invalidBackup(folder: string, path: string, flaw: string): SquashError {
  return new SquashError('BACKUP_INVALID', `the backup ${folder} can't be trusted: ${path} ${flaw}`, {
    hint: 'Nothing was touched. Take another one: knex-squash backup list shows them.',
  });
}

function freeName(backups: string, stamp: string): string {
  let folder = join(backups, stamp);
  for (let n = 2; existsSync(folder); n++) folder = join(backups, `${stamp}-${n}`);
  return folder;
}

/** Removes what killed processes have left in the making. */
async function sweepStaging(backups: string): Promise<void> {
  for (const name of await readdir(backups)) {
    const pid = /^\.\d{8}T\d{6}Z-(?:full|migrations)-(\d+)\.tmp$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(backups, name), { recursive: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid === process.pid || process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
