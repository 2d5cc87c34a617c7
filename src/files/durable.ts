import { createHash, randomBytes } from 'node:crypto';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isSquashError, SquashError } from '../errors.js';

/** Creates a file that wasn't there and waits until its bytes are on the disk. */
export async function writeDurably(
  path: string,
  contents: string | Uint8Array,
  mode?: number,
): Promise<void> {
  await withFile(
    path,
    'wx',
    async (file) => {
      await file.writeFile(contents);
      await file.sync();
    },
    mode,
  );
}

/** Replaces a file at once: at any moment it has either the old contents or the new ones. */
export async function replaceDurably(
  path: string,
  contents: string | Uint8Array,
  mode?: number,
): Promise<void> {
  const staged = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
  await writeDurably(staged, contents, mode);
  await rename(staged, path);
  await syncFolder(dirname(path));
}

/** Waits until a folder's entries are on the disk; Windows can't be asked to. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  await withFile(path, 'r', (folder) => folder.sync());
}

/** The bytes of a file that must not be a link. */
export async function readUnlinked(path: string): Promise<Buffer> {
  return withFile(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0), (file) => file.readFile());
}

/**
 * Creates a file that wasn't there as a copy of another, and waits until its bytes are on the disk. It is
 * as readable as any new file, also where the other is private.
 */
export async function copyDurably(from: string, path: string): Promise<void> {
  await pipeline(createReadStream(from), createWriteStream(path, { flags: 'wx', flush: true }));
}

/** Hex sha256 of a file's bytes, or null where nothing has that name. */
export async function hashOf(path: string): Promise<string | null> {
  try {
    return await withFile(path, 'r', hashOfOpen);
  } catch (error) {
    if (fileErrorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** As {@link hashOf} for a file that must be there and must not be a link. */
export async function hashUnlinked(path: string): Promise<string> {
  return withFile(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0), hashOfOpen);
}

/** Piece by piece: a file of rows can be bigger than the memory. */
async function hashOfOpen(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(2 ** 18);
  for (;;) {
    const { bytesRead } = await file.read(piece, 0, piece.length);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(piece.subarray(0, bytesRead));
  }
}

/** Node's code of an error of the file system, such as ENOENT; empty for other errors. */
export function fileErrorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException | null | undefined)?.code ?? '';
}

/** An error of the file system as FILE_UNWRITABLE where the disk, its rights or what lies in the way are the cause. */
export function asUnwritable(error: unknown, what: string): unknown {
  const code = fileErrorCode(error);
  if (isSquashError(error) || !unwritable.has(code)) return error;
  return new SquashError('FILE_UNWRITABLE', `${what} can't be written: ${(error as Error).message}`, {
    hint: full.has(code)
      ? 'Free some space and try again.'
      : 'Check what lies there, who may write there, and how the disk is mounted.',
    cause: error,
  });
}

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const unwritable = new Set([...full, 'EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR', 'EISDIR']);

async function withFile<T>(
  path: string,
  flags: string | number,
  fn: (file: FileHandle) => Promise<T>,
  mode?: number,
): Promise<T> {
  const file = await open(path, flags, mode);
  try {
    return await fn(file);
  } finally {
    await file.close();
  }
}
