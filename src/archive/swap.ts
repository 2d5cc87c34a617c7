import { randomBytes } from 'node:crypto';
import { mkdir, realpath, rename, rm, unlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { isSquashError, SquashError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import { asUnwritable, copyDurably, hashOf, syncFolder, writeDurably } from '../files/durable.js';
import { sha256 } from '../history/hash.js';
import { createJournal, type Journal, readJournal, removeJournal, turnJournal } from './journal.js';

/** Where a swap may write, and where it keeps its journal; absolute paths. */
export interface SwapPlaces {
  /** The folders of migrations: every file of a swap lies within one of them. */
  readonly folders: readonly string[];
  readonly journalPath: string;
}

export interface Swap extends SwapPlaces {
  /** The files to go, oldest first, with the hash that each must have. */
  readonly remove: readonly { readonly path: string; readonly sha256: string }[];
  /** The files to come; none may be there yet, unless it is one of those to go. */
  readonly add: readonly ComingFile[];
}

/** A file to come: by its bytes, or as a copy of another that has this hash. */
export type ComingFile =
  | { readonly path: string; readonly contents: string | Uint8Array }
  | { readonly path: string; readonly source: string; readonly sha256: string };

/** How {@link recoverSwap} found and left the files. */
export type Recovery = 'nothing to do' | 'rolled back' | 'completed';

/**
 * Replaces files: afterwards either all of the old ones are there or all of the new ones, wherever
 * it is cut off, after one {@link recoverSwap}. Nothing is deleted before the new files are in
 * place, and no file whose bytes aren't the expected ones at all.
 *
 * @throws SquashError FILES_CHANGED when a file isn't as expected or a cut-off swap waits for its
 *   recovery, FILE_UNWRITABLE. The old files are in place then.
 */
export async function swapFiles(swap: Swap): Promise<void> {
  const journal = planSwap(swap);
  const { journalPath } = swap;
  try {
    await checkFolders(journal, swap.folders);
    await checkFiles(journal);
    await createJournal(journalPath, journal);
  } catch (error) {
    throw asUnwritable(error, journalPath);
  }
  try {
    failpoint('swap.journal-written');
    await stage(journal, swap);
    await turnJournal(journalPath, journal, 'forth');
    failpoint('swap.committed');
    await goForth(journal, journalPath);
  } catch (error) {
    // Where going back fails too the journal stays, and a rerun tries again.
    const flaw = await goBack(journal, journalPath).catch((undoing: unknown) => undoing);
    throw isSquashError(flaw) ? flaw : asUnwritable(error, swap.folders.join(', '));
  }
  await cleanUp(journal, journalPath);
}

/**
 * Completes or undoes a swap that was cut off, as its journal says. Safe to run at any time, and
 * again when it is cut off itself.
 *
 * @throws SquashError FILES_CHANGED when files were edited in between: what was edited stays, the
 *   rest is rolled back.
 */
export async function recoverSwap({ journalPath, folders }: SwapPlaces): Promise<Recovery> {
  const journal = await readJournal(journalPath);
  if (journal === null) return 'nothing to do';
  checkPaths(journal, folders);
  if (journal.direction === 'back') {
    await goBack(journal, journalPath);
    return 'rolled back';
  }
  if (journal.direction === 'forth') {
    try {
      await goForth(journal, journalPath);
    } catch (error) {
      if (isSquashError(error)) await goBack(journal, journalPath);
      throw asUnwritable(error, folders.join(', '));
    }
  }
  await cleanUp(journal, journalPath);
  return 'completed';
}

/** Neighbours get names that no migration has, so that Knex passes them over at any moment. */
function planSwap({ remove, add }: Swap): Journal {
  const id = randomBytes(6).toString('hex');
  return {
    formatVersion: 1,
    direction: 'back',
    remove: remove.map(({ path, sha256: expected }, n) => ({
      path: resolve(path),
      aside: join(dirname(resolve(path)), `.knex-squash-${id}-${n}.old`),
      sha256: expected,
    })),
    add: add.map((file, n) => ({
      path: resolve(file.path),
      staged: join(dirname(resolve(file.path)), `.knex-squash-${id}-${n}.new`),
      sha256: 'source' in file ? file.sha256 : sha256(file.contents),
    })),
  };
}

/** Writes, flushes and deletes a file in every folder: the one proof that renames will work there. */
async function checkFolders(journal: Journal, folders: readonly string[]): Promise<void> {
  checkPaths(journal, folders);
  const parents = new Set([...journal.remove, ...journal.add].map(({ path }) => dirname(path)));
  const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)));
  for (const parent of parents) {
    try {
      await mkdir(parent, { recursive: true });
      const real = await realpath(parent);
      if (!roots.some((root) => isWithin(real, root))) throw outside(parent, folders);
      const probe = join(parent, `.knex-squash-${randomBytes(6).toString('hex')}.tmp`);
      await writeDurably(probe, '');
      await unlink(probe);
    } catch (error) {
      throw asUnwritable(error, parent);
    }
  }
}

/** A journal is a file like others: it must not lead out of the migrations' folders. */
function checkPaths({ remove, add }: Journal, folders: readonly string[]): void {
  const neighbours = [...remove.map(({ aside }) => aside), ...add.map(({ staged }) => staged)];
  for (const path of [...[...remove, ...add].map(({ path }) => path), ...neighbours]) {
    if (!folders.some((folder) => isWithin(path, folder))) throw outside(path, folders);
  }
}

async function checkFiles({ remove, add }: Journal): Promise<void> {
  for (const { path, sha256: expected } of remove) {
    if ((await hashOf(path)) !== expected) throw changed(path);
  }
  const going = new Set(remove.map(({ path }) => path));
  for (const { path } of add) {
    if (!going.has(path) && (await hashOf(path)) !== null) throw changed(path);
  }
}

async function stage(journal: Journal, { add }: Swap): Promise<void> {
  for (const [n, { staged }] of journal.add.entries()) {
    const file = add[n];
    if (file !== undefined && 'source' in file) await copyDurably(file.source, staged);
    else await writeDurably(staged, file?.contents ?? '');
    failpoint('swap.staged');
  }
  await syncFolders(journal);
}

/** From wherever a former attempt ended: the old files aside, the new ones into place. */
async function goForth(journal: Journal, journalPath: string): Promise<void> {
  const coming = new Map(journal.add.map(({ path, sha256: expected }) => [path, expected]));
  for (const entry of journal.remove) {
    await moveAside(entry, coming.get(entry.path));
    failpoint('swap.moved');
  }
  for (const entry of journal.add) {
    await place(entry);
    failpoint('swap.placed');
  }
  await syncFolders(journal);
  await turnJournal(journalPath, journal, 'clean');
}

async function moveAside(
  { path, aside, sha256: expected }: Journal['remove'][number],
  coming: string | undefined,
): Promise<void> {
  const here = await hashOf(path);
  if ((await hashOf(aside)) === null) {
    if (here === null) return;
    await rename(path, aside);
  } else if (here !== null && here !== coming) {
    throw changed(path);
  }
  // Hashed under the new name: whoever opens the old one from now on finds nothing to edit.
  if ((await hashOf(aside)) !== expected) throw changed(path);
}

async function place({ path, staged, sha256: expected }: Journal['add'][number]): Promise<void> {
  const here = await hashOf(path);
  if (here === expected) return;
  if (here !== null) throw changed(path);
  if ((await hashOf(staged)) !== expected) throw changed(staged);
  await rename(staged, path);
}

/** From wherever it ended: what was placed away, what was moved aside back, the last one first. */
async function goBack(journal: Journal, journalPath: string): Promise<void> {
  // On a full disk this fails and the way back does not: the journal then says to go forth, and
  // whichever way a rerun goes from here leads to all of the files of one side.
  await turnJournal(journalPath, journal, 'back').catch(() => {});
  for (const { path, staged, sha256: expected } of journal.add) {
    const wasPlaced = (await hashOf(staged)) === null && (await hashOf(path)) === expected;
    if (wasPlaced && (await isFreeToDelete(journal, path))) await unlink(path);
    await rm(staged, { force: true });
  }
  const kept: string[] = [];
  for (const { path, aside } of journal.remove.toReversed()) {
    if ((await hashOf(aside)) === null) continue;
    if ((await hashOf(path)) === null) await rename(aside, path);
    else kept.push(`${path} (the original is ${aside})`);
  }
  await syncFolders(journal);
  await removeJournal(journalPath);
  if (kept.length > 0) throw changed(kept.join(', '));
}

/** An old file of the same place is only gone for good where its neighbour is. */
async function isFreeToDelete({ remove }: Journal, path: string): Promise<boolean> {
  const old = remove.find((entry) => entry.path === path);
  return old === undefined || (await hashOf(old.aside)) !== null;
}

async function cleanUp(journal: Journal, journalPath: string): Promise<void> {
  failpoint('swap.landed');
  const kept: string[] = [];
  for (const { aside, sha256: expected } of journal.remove) {
    const found = await hashOf(aside);
    if (found === expected) await unlink(aside);
    else if (found !== null) kept.push(aside);
    failpoint('swap.discarded');
  }
  await syncFolders(journal);
  await removeJournal(journalPath);
  failpoint('swap.finished');
  if (kept.length > 0) throw changed(kept.join(', '));
}

async function syncFolders({ remove, add }: Journal): Promise<void> {
  for (const folder of new Set([...remove, ...add].map(({ path }) => dirname(path)))) {
    await syncFolder(folder);
  }
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function changed(path: string): SquashError {
  return new SquashError('FILES_CHANGED', `${path} isn't as it was when the command began`, {
    hint: 'Nobody may edit migrations meanwhile: look at `git status`, then run the command again.',
  });
}

function outside(path: string, folders: readonly string[]): SquashError {
  return new SquashError('FILE_UNWRITABLE', `${path} lies outside of the migrations: ${folders.join(', ')}`, {
    hint: 'Check migrations.directory in the knexfile.',
  });
}
