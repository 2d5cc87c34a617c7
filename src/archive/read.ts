import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SquashError } from '../errors.js';
import { hashOf, readUnlinked } from '../files/durable.js';
import { listPlainFiles } from '../files/folder.js';
import { manifestName } from '../files/paths.js';
import { sha256 } from '../history/hash.js';
import { loadMovedMigration } from '../history/load.js';
import type { Migration } from '../history/migration.js';
import { archiveNamePattern, besideOriginals, type Manifest, parseManifest } from './manifest.js';

/** An archive whose every byte has been checked, and those bytes, so that nothing is read twice. */
export interface Archive {
  readonly folder: string;
  readonly manifest: Manifest;
  /** By the path in the archive; files of rows lie there unread. */
  readonly contents: ReadonlyMap<string, Buffer>;
}

/**
 * Reads an archive and checks it against its manifest.
 *
 * @throws SquashError ARCHIVE_INVALID, naming the file, when anything is altered, missing, too much,
 *   or a link.
 */
export async function readArchive(folder: string): Promise<Archive> {
  const found = await listPlainFiles(folder, (path, flaw) => invalid(folder, path, flaw));
  if (!found.includes(manifestName)) throw invalid(folder, manifestName, 'is missing');
  const text = (await readUnlinked(join(folder, manifestName))).toString();
  const parsed = parseManifest(text);
  if ('flaw' in parsed) throw invalid(folder, manifestName, parsed.flaw);
  const { manifest } = parsed;
  const entries = [...manifest.files, ...manifest.attachments];
  const beside = besideOriginals(manifest);
  const listed = new Set([manifestName, ...[...entries, ...beside].map(({ path }) => path)]);
  for (const path of found) {
    if (!listed.has(path)) throw invalid(folder, path, 'is not in its manifest');
  }
  const contents = new Map<string, Buffer>();
  for (const { path, sha256: expected } of entries) {
    if (!found.includes(path)) throw invalid(folder, path, 'is missing');
    const bytes = await readUnlinked(join(folder, path));
    if (sha256(bytes) !== expected) throw invalid(folder, path, 'was altered');
    contents.set(path, bytes);
  }
  // Rows can be too many to hold: they are checked where they lie.
  for (const { path, sha256: expected } of beside) {
    if (!found.includes(path)) throw invalid(folder, path, 'is missing');
    if ((await hashOf(join(folder, path))) !== expected) throw invalid(folder, path, 'was altered');
  }
  return { folder, manifest, contents };
}

/**
 * Finds the archive of a revision, the latest where there are several, and checks it.
 *
 * @throws SquashError ARCHIVE_MISSING, naming the folder to add; ARCHIVE_INVALID.
 */
export async function findArchive(backups: string, revision: string): Promise<Archive> {
  const found = await listManifests(backups);
  const match = found.find(({ manifest }) => manifest?.revision === revision);
  if (match !== undefined) return readArchive(join(backups, match.name));
  const unreadable = found.filter(({ manifest }) => manifest === null).map(({ name }) => name);
  const broken = unreadable.length === 0 ? '' : `; unreadable there: ${unreadable.join(', ')}`;
  throw new SquashError('ARCHIVE_MISSING', `no archive of revision ${revision} lies in ${backups}${broken}`, {
    hint: `Add the folder backups/<timestamp> that the squash made (its manifest.json names ${revision}) to ${backups}: it belongs into git and into the deployment.`,
  });
}

/** What the archive of a revision says of itself, its files unread; null where there is none. */
export async function findManifest(backups: string, revision: string): Promise<Manifest | null> {
  const found = await listManifests(backups);
  return found.find(({ manifest }) => manifest?.revision === revision)?.manifest ?? null;
}

/** The archives in a folder, the latest first; a manifest that can't be trusted is null. */
export async function listManifests(
  backups: string,
): Promise<readonly { readonly name: string; readonly manifest: Manifest | null }[]> {
  const names = (await readdir(backups).catch(() => [])).filter((name) => archiveNamePattern.test(name));
  return Promise.all(
    names
      .sort()
      .reverse()
      .map(async (name) => {
        const text = await readFile(join(backups, name, manifestName), 'utf8').catch(() => '');
        const parsed = parseManifest(text);
        return { name, manifest: 'flaw' in parsed ? null : parsed.manifest };
      }),
  );
}

/**
 * The archived originals in their order, to be run: their relative imports start from where the
 * originals lay, whatever lies there now; where they import each other, the archive's files are meant.
 *
 * @param root the project's root.
 */
export function archivedMigrations(
  { folder, manifest, contents }: Archive,
  root: string,
): readonly Migration[] {
  const places = manifest.files.map(({ path, originalPath }) => ({
    from: resolve(root, originalPath),
    to: join(folder, path),
  }));
  const moved = new Map(places.map(({ from, to }) => [from, to]));
  return manifest.files.map(({ name, path, originalPath, sha256: hash }) => {
    const origin = join(folder, path);
    const source = contents.get(path)?.toString() ?? '';
    const from = { source, path: resolve(root, originalPath), origin, moved };
    return { name, path: origin, sha256: hash, load: () => loadMovedMigration(from) };
  });
}

function invalid(folder: string, path: string, flaw: string): SquashError {
  return new SquashError('ARCHIVE_INVALID', `the archive ${folder} can't be trusted: ${path} ${flaw}`, {
    hint: 'Take the folder from git again as it was committed.',
  });
}
