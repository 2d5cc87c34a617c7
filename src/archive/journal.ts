import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { SquashError } from '../errors.js';
import { asUnwritable, fileErrorCode, replaceDurably, syncFolder, writeDurably } from '../files/durable.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

const journalSchema = z.strictObject({
  formatVersion: z.literal(1),
  /**
   * What a rerun has to do: `back` to the old files, `forth` to the new ones, or only `clean` up
   * behind the new ones.
   */
  direction: z.enum(['back', 'forth', 'clean']),
  /** Files to go, oldest first: each is renamed to `aside`, its neighbour, before it is deleted. */
  remove: z.array(z.strictObject({ path: z.string(), aside: z.string(), sha256: hash })),
  /** Files to come: each is written to `staged`, its neighbour, before it is renamed. */
  add: z.array(z.strictObject({ path: z.string(), staged: z.string(), sha256: hash })),
});

/** What a swap of files is about to do: written before its first rename, removed after its last. */
export type Journal = z.infer<typeof journalSchema>;

/**
 * Writes a journal that wasn't there.
 *
 * @throws SquashError FILES_CHANGED when there is one: another swap goes on, or was cut off.
 */
export async function createJournal(path: string, journal: Journal): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeDurably(path, render(journal));
  } catch (error) {
    if (fileErrorCode(error) !== 'EEXIST') {
      await rm(path, { force: true }).catch(() => {});
      throw error;
    }
    throw new SquashError('FILES_CHANGED', `another swap of files is under way: ${path} exists`, {
      hint: 'Wait for the other command; if none runs, run the command again, which recovers first.',
    });
  }
  await syncFolder(dirname(path));
}

/** Writes what a rerun has to do from now on. */
export async function turnJournal(
  path: string,
  journal: Journal,
  direction: Journal['direction'],
): Promise<void> {
  await replaceDurably(path, render({ ...journal, direction }));
}

/** Forgets a swap that is over. */
export async function removeJournal(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path));
}

/**
 * The journal of a swap that was cut off, or null. A text that was cut off itself counts as none:
 * it was the first thing to be written, so nothing has been done.
 *
 * @throws SquashError FILES_CHANGED when it is no journal of ours, FILE_UNWRITABLE when it is another user's.
 */
export async function readJournal(path: string): Promise<Journal | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (fileErrorCode(error) === 'ENOENT') return null;
    throw asUnwritable(error, path);
  });
  if (text === null) return null;
  if (!text.endsWith(end)) {
    await removeJournal(path);
    return null;
  }
  const { success, data } = journalSchema.safeParse(parse(text));
  if (success) return data;
  throw new SquashError('FILES_CHANGED', `${path} is no journal of a swap that we can read`, {
    hint: 'Look at the migrations with `git status`, put them right, and delete the journal.',
  });
}

/** Only the last brace stands at the start of its line. */
const end = '\n}\n';

function render(journal: Journal): string {
  return `${JSON.stringify(journal, null, 2)}\n`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
