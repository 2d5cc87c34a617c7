import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { SquashError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import { asUnwritable, copyDurably, syncFolder, writeDurably } from '../files/durable.js';

import { manifestName, portableName, stampOf } from '../files/paths.js';
import { freePlace, stagingName, sweepStaging } from '../files/staging.js';

import { sha256 } from '../history/hash.js';
import type { LedgerRow } from '../history/migration.js';
import { type Manifest, renderManifest, sealManifest } from './manifest.js';
import { type Archive, readArchive } from './read.js';

/** What goes into an archive. */
export interface ArchiveContents
  extends Pick<Manifest, 'toolVersion' | 'serverMajor' | 'revision' | 'fingerprints'> {
  /** The folder of archives; made where it is missing. */
  readonly backups: string;
  /** The project's root, from which original paths are told. */
  readonly root: string;
  readonly createdAt: Date;
  /** Absolute path and hash of the file that takes the originals' place, and of those that come with it. */
  readonly baseline: OwnedFile;
  /** The originals in order, by absolute path, with the hash that they had when they were proved. */
  readonly files: readonly OwnedFile[];
  /** Further files, by their path in the archive. */
  readonly attachments?: readonly { readonly path: string; readonly contents: string | Uint8Array }[];
  readonly ledger: readonly LedgerRow[] | null;
}

/** A migration's file, and the files of rows that belong to it. */
export interface OwnedFile extends FilePlace {
  readonly name: string;
  readonly beside?: readonly FilePlace[];
}

interface FilePlace {
  readonly path: string;
  readonly sha256: string;
}

/** One file as it will lie in the archive. */
interface Item {
  readonly path: string;
  readonly contents: Uint8Array;
}

/** An original, and what is copied along with it without being read. */
interface Original extends Item {
  readonly beside: readonly Beside[];
}

interface Beside extends FilePlace {
  readonly source: string;
  readonly size: number;
}

/** Git must not turn line ends around in what has a hash. */
const gitAttributes = { path: '.gitattributes', contents: '* -text\n' };

/**
 * Writes an archive: into a staging folder beside its place, every file flushed to the disk, the
 * manifest last; it is read back and checked, and one rename makes it an archive. A failure leaves
 * nothing that looks like one.
 *
 * @throws SquashError FILES_CHANGED when a file is not the one that was proved, FILE_UNWRITABLE.
 */
export async function writeArchive(archive: ArchiveContents): Promise<Archive> {
  const originals = await readOriginals(archive);
  const attachments = [gitAttributes, ...(archive.attachments ?? [])].map(({ path, contents }) => ({
    path,
    contents: Buffer.from(contents),
  }));
  const manifest = describe(archive, originals, attachments);
  const stamp = stampOf(archive.createdAt);
  const staging = join(archive.backups, stagingName(stamp));
  try {
    await sweepStaging(archive.backups);
    await mkdir(staging, { recursive: true });
    failpoint('archive.started');
    await copyAll(
      staging,
      originals.flatMap(({ beside }) => beside),
    );
    await writeAll(staging, [...originals, ...attachments], manifest);
    const written = await readArchive(staging);
    const folder = freePlace(archive.backups, stamp);
    await rename(staging, folder);
    await syncFolder(archive.backups);
    failpoint('archive.finished');
    return { ...written, folder };
  } catch (error) {
    await rm(staging, { recursive: true, force: true }).catch(() => {});
    throw asUnwritable(error, archive.backups);
  }
}

async function writeAll(staging: string, items: readonly Item[], manifest: Manifest): Promise<void> {
  const folders = new Set([staging]);
  for (const { path, contents } of items) {
    const target = join(staging, path);
    await mkdir(dirname(target), { recursive: true });
    folders.add(dirname(target));
    await writeDurably(target, contents);
    failpoint('archive.file-written');
  }
  await writeDurably(join(staging, manifestName), renderManifest(manifest));
  for (const folder of folders) await syncFolder(folder);
  failpoint('archive.manifest-written');
}

async function copyAll(staging: string, files: readonly Beside[]): Promise<void> {
  for (const { path, source } of files) {
    const target = join(staging, path);
    await mkdir(dirname(target), { recursive: true });
    await copyDurably(source, target);
    failpoint('archive.file-written');
  }
}

async function readOriginals({ files }: ArchiveContents): Promise<readonly Original[]> {
  const taken = new Set<string>();
  const items: Original[] = [];
  for (const file of files) {
    const contents = await readFile(file.path).catch((cause: unknown) => {
      throw new SquashError('FILES_CHANGED', `${file.path} can no longer be read`, { cause });
    });
    if (sha256(contents) !== file.sha256) {
      throw new SquashError('FILES_CHANGED', `${file.path} has changed since it was read`, {
        hint: 'Nothing was written: run the command again.',
      });
    }
    const place = (path: string): string => `migrations/${uniqueName(portableName(basename(path)), taken)}`;
    const beside: Beside[] = [];
    for (const { path, sha256: hash } of file.beside ?? []) {
      const { size } = await stat(path).catch((cause: unknown) => {
        throw new SquashError('FILES_CHANGED', `${path} can no longer be read`, { cause });
      });
      beside.push({ path: place(path), source: path, sha256: hash, size });
    }
    items.push({ path: place(file.path), contents, beside });
  }
  return items;
}

/** Some file systems hold `a.js` and `A.js` for one name. */
function uniqueName(name: string, taken: Set<string>): string {
  let candidate = name;
  for (let n = 2; taken.has(candidate.toLowerCase()); n++) candidate = `${n}-${name}`;
  taken.add(candidate.toLowerCase());
  return candidate;
}

function describe(
  archive: ArchiveContents,
  originals: readonly Original[],
  attachments: readonly Item[],
): Manifest {
  const { toolVersion, serverMajor, revision, fingerprints, baseline, ledger, root } = archive;
  const entry = ({ path, contents }: Item) => ({ path, sha256: sha256(contents), size: contents.byteLength });
  return sealManifest({
    formatVersion: 1,
    toolVersion,
    serverMajor,
    revision,
    baseline: {
      name: baseline.name,
      path: fromRoot(root, baseline.path),
      sha256: baseline.sha256,
      ...someBeside(
        baseline.beside?.map(({ path, sha256: hash }) => ({ path: fromRoot(root, path), sha256: hash })),
      ),
    },
    fingerprints: { history: fingerprints.history, baseline: fingerprints.baseline },
    createdAt: archive.createdAt.toISOString(),
    files: archive.files.map(({ name, path }, n) => ({
      ...entry(originals[n] as Item),
      name,
      originalPath: fromRoot(root, path),
      ...someBeside(
        originals[n]?.beside.map(({ source, ...file }) => ({
          ...file,
          originalPath: fromRoot(root, source),
        })),
      ),
    })),
    attachments: attachments.map(entry),
    ledger: ledger?.map(({ id, name, batch, migrationTime }) => ({ id, name, batch, migrationTime })) ?? null,
  });
}

/** A key for files that come along, where there are any. */
function someBeside<T>(beside: readonly T[] = []): { beside?: T[] } {
  return beside.length === 0 ? {} : { beside: [...beside] };
}

function fromRoot(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}
