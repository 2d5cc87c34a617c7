import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { SquashError } from '../errors.js';
import { fileErrorCode, replaceDurably } from '../files/durable.js';

/** Whatever a journal says, no other database is ever dropped. */
const temporaryPattern = /^knex_squash_restore_\d{8}T\d{6}Z_[0-9a-f]{8}$/;

const journalSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** Which server: a restore on another one is none of its business. */
  server: z.string(),
  /** The manifest's own hash. */
  backup: z.string(),
  target: z.string(),
  /** The database that is filled, and what the old one is called afterwards; null where there was none. */
  temporary: z.string().regex(temporaryPattern),
  kept: z.string().nullable(),
  /** Once it is ready, the temporary database was compared and only the renames are left. */
  phase: z.enum(['restoring', 'ready']),
});

/** What a restore is about to do: it tells a rerun which databases are its own. */
export type RestoreJournal = z.infer<typeof journalSchema>;

export async function writeRestoreJournal(path: string, journal: RestoreJournal): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await replaceDurably(path, `${JSON.stringify(journal, null, 2)}\n`, 0o600);
}

export async function removeRestoreJournal(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** The journal of a restore that was cut off, or null. @throws SquashError FILES_CHANGED */
export async function readRestoreJournal(path: string): Promise<RestoreJournal | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (fileErrorCode(error) === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  try {
    return journalSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new SquashError('FILES_CHANGED', `${path} is no journal of a restore that we can read`, {
      hint: 'Look for databases named knex_squash_restore_… on the server, drop them, and delete the journal.',
      cause,
    });
  }
}
