import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { SquashError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import { sha256 } from '../history/hash.js';
import type { Settings } from '../settings/settings.js';

/** One object's file. */
export interface ObjectFile {
  /** Below the folder of objects, with `/`: `public/view/gene_scores.sql`. */
  readonly path: string;
  readonly text: string;
  /** Of the text with `\n` at its line ends, whatever git has made of them. */
  readonly sha256: string;
}

/** The folder of objects: `objects` in the first folder of migrations, where Knex doesn't look. */
export function objectsFolder({ migrations }: Pick<Settings, 'migrations'>): string {
  return join(migrations.directories[0] ?? 'migrations', 'objects');
}

/** The files of a project's objects, by path; none where the folder is missing. @throws SquashError OBJECT_FILE_INVALID */
export async function listObjectFiles(
  settings: Pick<Settings, 'migrations'>,
): Promise<readonly ObjectFile[]> {
  const folder = objectsFolder(settings);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(folder, error);
  });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.sql'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(
    paths.map(async (full) => {
      const text = await readFile(full, 'utf8').catch((error: unknown) => {
        throw unreadable(full, error);
      });
      return objectFile(relative(folder, full).split(sep).join('/'), text);
    }),
  );
}

export function objectFile(path: string, text: string): ObjectFile {
  const lines = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  return { path, text: lines, sha256: sha256(lines) };
}

/** Writes a file as a whole or not at all. @throws SquashError FILE_UNWRITABLE */
export async function writeObjectFile(folder: string, { path, text }: ObjectFile): Promise<void> {
  const full = join(folder, path);
  const staged = `${full}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(full), { recursive: true });
    await writeFile(staged, text);
    failpoint('objects.staged');
    await rename(staged, full);
    failpoint('objects.written');
  } catch (cause) {
    await rm(staged, { force: true }).catch(() => {});
    throw new SquashError('FILE_UNWRITABLE', `${full} can't be written: ${(cause as Error).message}`, {
      hint: 'Make the folder writable, then run the command again.',
      cause,
    });
  }
}

/** Removes what a write that was killed has left behind. */
export async function sweepObjectFiles(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names.filter((each) => /\.sql\.[0-9a-f]{8}\.tmp$/.test(each))) {
    await rm(join(folder, name), { force: true });
  }
}

function unreadable(path: string, cause: unknown): SquashError {
  return new SquashError('OBJECT_FILE_INVALID', `${path} can't be read: ${(cause as Error).message}`, {
    hint: 'Every .sql file below that folder is taken for the definition of an object.',
    cause,
  });
}
