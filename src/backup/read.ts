import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fingerprint } from '../catalog/fingerprint.js';
import type { Catalog } from '../catalog/model.js';
import { SquashError } from '../errors.js';
import { hashUnlinked, readUnlinked } from '../files/durable.js';
import { listPlainFiles } from '../files/folder.js';
import { manifestName, stampOf } from '../files/paths.js';
import { stagingName, sweepStaging } from '../files/staging.js';
import { sha256 } from '../history/hash.js';
import type { EncryptionSettings } from '../settings/settings.js';
import { decryptFiles } from './encryption.js';
import { type BackupManifest, backupNamePattern, catalogName, parseBackup } from './manifest.js';

/** A backup whose every byte has been checked. */
export interface Backup {
  readonly folder: string;
  /** Where its files can be read: the folder itself, or where they were decrypted. */
  readonly files: string;
  readonly manifest: BackupManifest;
  readonly catalog: Catalog;
}

/**
 * Runs `fn` with a backup of which every byte was checked against its manifest. An encrypted one is
 * decrypted into a private folder beside it, which is gone afterwards.
 *
 * @param encryption the shell commands of the settings, or null.
 * @throws SquashError BACKUP_INVALID, naming the file, when anything is altered, missing, too much, or a
 *   link; SETTINGS_INVALID where it is encrypted and no command is set; RESTORE_FAILED when that fails.
 */
export async function withBackup<T>(
  folder: string,
  encryption: EncryptionSettings | null,
  fn: (backup: Backup) => Promise<T>,
): Promise<T> {
  const manifest = await checkBackup(folder);
  if (manifest.encrypted === null) return fn(await load(folder, folder, manifest));
  if (encryption === null) {
    throw new SquashError('SETTINGS_INVALID', `${folder} is encrypted, and no command decrypts it`, {
      hint: 'Set squash.encryption in the knexfile: { encrypt, decrypt }, shell commands from stdin to stdout.',
    });
  }
  const parent = dirname(folder);
  const files = join(parent, stagingName(`${stampOf(new Date(manifest.createdAt))}-${manifest.kind}`));
  try {
    await sweepStaging(parent);
    await mkdir(files, { mode: 0o700 });
    await decryptFiles(manifest, { from: folder, to: files, command: encryption.decrypt });
    const sources = new Set(manifest.encrypted.map(({ source }) => source));
    await checkFiles(
      files,
      manifest.files.filter(({ path }) => sources.has(path)),
      [],
    );
    return await fn(await load(folder, files, manifest));
  } finally {
    await rm(files, { recursive: true, force: true });
  }
}

/** As {@link withBackup}, for a backup that isn't encrypted. */
export async function readBackup(folder: string): Promise<Backup> {
  return withBackup(folder, null, async (backup) => backup);
}

/** Checks what lies in a backup's folder. @throws SquashError BACKUP_INVALID */
async function checkBackup(folder: string): Promise<BackupManifest> {
  const bytes = await readUnlinked(join(folder, manifestName)).catch(() => null);
  // A folder that is a link, or holds one, is refused by name below.
  if (bytes === null) await listPlainFiles(folder, (path, flaw) => invalidBackup(folder, path, flaw));
  if (bytes === null) throw invalidBackup(folder, manifestName, 'is missing');
  const parsed = parseBackup(bytes.toString());
  if ('flaw' in parsed) throw invalidBackup(folder, manifestName, parsed.flaw);
  const { manifest } = parsed;
  await checkFiles(folder, storedFiles(manifest), [manifestName]);
  return manifest;
}

/** The files as they lie in the folder. */
export function storedFiles({ files, encrypted }: BackupManifest): BackupManifest['files'] {
  if (encrypted === null) return files;
  const sources = new Set(encrypted.map(({ source }) => source));
  const stored = encrypted.map(({ path, sha256: hash, size }) => ({ path, sha256: hash, size }));
  return [...files.filter(({ path }) => !sources.has(path)), ...stored];
}

async function checkFiles(
  folder: string,
  files: BackupManifest['files'],
  others: readonly string[],
): Promise<void> {
  const found = await listPlainFiles(folder, (path, flaw) => invalidBackup(folder, path, flaw));
  const listed = new Set([...others, ...files.map(({ path }) => path)]);
  for (const path of found) {
    if (!listed.has(path)) throw invalidBackup(folder, path, 'is not in its manifest');
  }
  for (const { path, sha256: expected, size } of files) {
    if (!found.includes(path)) throw invalidBackup(folder, path, 'is missing');
    // Sizes first: a truncated file of many gigabytes is found without reading it.
    if (
      (await lstat(join(folder, path))).size !== size ||
      (await hashUnlinked(join(folder, path))) !== expected
    )
      throw invalidBackup(folder, path, 'was altered');
  }
}

async function load(folder: string, files: string, manifest: BackupManifest): Promise<Backup> {
  const catalog = JSON.parse(await textOf({ folder, files, manifest }, catalogName)) as Catalog;
  if (fingerprint(catalog) !== manifest.fingerprint)
    throw invalidBackup(folder, catalogName, 'does not fit the fingerprint in its manifest');
  return { folder, files, manifest, catalog };
}

/** Whether a folder is a backup of ours, which an archive of a squash is not. */
export async function isBackup(folder: string): Promise<boolean> {
  const bytes = await readUnlinked(join(folder, manifestName)).catch(() => null);
  return bytes !== null && /"kind": "(full|migrations)"/.test(bytes.toString());
}

/** A text of a backup, checked as it is read. @throws SquashError BACKUP_INVALID */
export async function textOf(
  { folder, files, manifest }: Pick<Backup, 'folder' | 'files' | 'manifest'>,
  path: string,
): Promise<string> {
  const expected = manifest.files.find((file) => file.path === path)?.sha256;
  const bytes = await readUnlinked(join(files, path)).catch(() => null);
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

export function invalidBackup(folder: string, path: string, flaw: string): SquashError {
  return new SquashError('BACKUP_INVALID', `the backup ${folder} can't be trusted: ${path} ${flaw}`, {
    hint: 'Nothing was touched. Take another one: knex-squash backup list shows them.',
  });
}
