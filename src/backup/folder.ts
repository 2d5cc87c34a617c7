import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failpoint } from '../failpoint.js';

import { asUnwritable, replaceDurably, syncFolder, writeDurably } from '../files/durable.js';
import { manifestName, stampOf } from '../files/paths.js';
import { ensureReadme, freePlace, stagingName, sweepStaging } from '../files/staging.js';

import { sha256 } from '../history/hash.js';
import { encryptFiles } from './encryption.js';
import { type BackupManifest, renderBackup, sealBackup } from './manifest.js';
import type { Backup } from './read.js';

/** A file of a backup, by its path in it. */
export type WrittenFile = BackupManifest['files'][number];

/** A folder that becomes a backup once its manifest is there. */
export interface Staging {
  readonly folder: string;
  /** Writes a private file. */
  write(path: string, contents: string | Uint8Array): Promise<WrittenFile>;
  /** Encrypts what was written if it shall be, writes the manifest and gives the folder its name. */
  finish(
    manifest: Omit<BackupManifest, 'sha256' | 'encrypted'>,
  ): Promise<{ readonly folder: string; readonly manifest: BackupManifest }>;
}

export interface StagingOptions {
  readonly kind: BackupManifest['kind'];
  /** By the server's clock. */
  readonly time: Date;
  /** A shell command that encrypts stdin to stdout, or null. */
  readonly encrypt: string | null;
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
  { kind, time, encrypt }: StagingOptions,
  fn: (staging: Staging) => Promise<T>,
): Promise<T> {
  const stamp = `${stampOf(time)}-${kind}`;
  const folder = join(backups, stagingName(stamp));
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
      finish: async (contents) => {
        const encrypted = encrypt === null ? null : await encryptFiles(folder, contents.files, encrypt);
        const manifest = sealBackup({ ...contents, encrypted });
        await writeDurably(join(folder, manifestName), renderBackup(manifest), 0o600);
        for (const inner of innerFolders) await syncFolder(join(folder, inner));
        await syncFolder(folder);
        failpoint('backup.manifest-written');
        const place = freePlace(backups, stamp);
        await rename(folder, place);
        await ensureReadme(backups);
        await syncFolder(backups);
        failpoint('backup.finished');
        return { folder: place, manifest };
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
  { folder, manifest }: Pick<Backup, 'folder' | 'manifest'>,
  verified: NonNullable<BackupManifest['verified']>,
): Promise<Backup['manifest']> {
  const { sha256: _, ...rest } = manifest;
  const sealed = sealBackup({ ...rest, verified });
  await replaceDurably(join(folder, manifestName), renderBackup(sealed), 0o600);
  return sealed;
}

/** Removes a backup: its manifest first, so that one that is half gone is none. */
export async function removeBackup(backups: string, name: string): Promise<void> {
  await rm(join(backups, name, manifestName), { force: true });
  await rm(join(backups, name), { recursive: true, force: true });
}
