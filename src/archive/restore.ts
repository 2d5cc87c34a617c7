import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ClientConfig } from 'pg';
import { errorCode, type Queryable } from '../database/client.js';
import { SquashError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import { hashOf } from '../files/durable.js';
import {
  advanceSequence,
  deleteRows,
  insertRowsAsTheyWere,
  type LedgerPlace,
  type LedgerSettings,
  readRows,
} from '../history/ledger.js';
import { type LockOptions, withLedgerLocked } from '../history/lock.js';
import type { LedgerRow } from '../history/migration.js';
import { deleteRevision, readRevisions } from '../history/revision.js';
import { type Archive, readArchive } from './read.js';
import { type ComingFile, type SwapPlaces, swapFiles } from './swap.js';

/** The way back of the files. */
export interface MigrationRestore extends SwapPlaces {
  /** The archive's folder. */
  readonly archive: string;
  /** The project's root. */
  readonly root: string;
}

/** What was done, as absolute paths. */
export interface RestoredFiles {
  readonly archive: Archive;
  readonly restored: readonly string[];
  /** The baseline's file, or null where it was gone already. */
  readonly removed: string | null;
}

/**
 * Puts an archive's originals back byte for byte and takes the baseline away, in one swap. Originals
 * that lie there already are left alone.
 *
 * @throws SquashError ARCHIVE_INVALID; FILES_CHANGED when an original's place is taken by another
 *   file, or the baseline was edited; FILE_UNWRITABLE. Nothing has changed then.
 */
export async function restoreMigrations(restore: MigrationRestore): Promise<RestoredFiles> {
  const archive = await readArchive(restore.archive);
  const { files, baseline } = archive.manifest;
  const add: ComingFile[] = [];
  for (const { path: archived, originalPath, sha256, beside = [] } of files) {
    const path = resolve(restore.root, originalPath);
    if ((await hashOf(path)) !== sha256)
      add.push({ path, contents: archive.contents.get(archived) ?? Buffer.alloc(0) });
    for (const file of beside) {
      const place = { path: resolve(restore.root, file.originalPath), sha256: file.sha256 };
      if ((await hashOf(place.path)) === place.sha256) continue;
      add.push({ ...place, source: join(restore.archive, file.path) });
    }
  }
  const baselinePath = resolve(restore.root, baseline.path);
  const isThere = (await hashOf(baselinePath)) !== null;
  const going = [baseline, ...(baseline.beside ?? [])].map(({ path, sha256 }) => ({
    path: resolve(restore.root, path),
    sha256,
  }));
  const remove = [];
  for (const file of going) if ((await hashOf(file.path)) !== null) remove.push(file);
  await swapFiles({ ...restore, remove, add });
  return { archive, restored: add.map(({ path }) => path), removed: isThere ? baselinePath : null };
}

/** A baseline that a ledger names, and the names to put back where the database has no record of them. */
export interface AdoptedBaseline {
  readonly name: string;
  readonly revision: string;
  readonly replaces: readonly { readonly name: string }[];
}

/**
 * Gives a database's ledger back: in one transaction, the replaced rows take the baseline's place
 * with their ids, batches and times as they were recorded at the adoption. A database that was built
 * by the baseline has no such record; its ledger gets a row for each original with the baseline's
 * batch and time, and new ids.
 *
 * @returns the rows that were put back; none when the ledger doesn't name the baseline.
 * @throws SquashError LEDGER_MISMATCH, LOCK_TIMEOUT. Nothing is written then.
 */
export async function restoreLedger(
  connection: ClientConfig,
  settings: LedgerSettings,
  { name, revision, replaces }: AdoptedBaseline,
  lock: LockOptions = {},
): Promise<readonly LedgerRow[]> {
  return withLedgerLocked(connection, settings, lock, async ({ client, place }) => {
    const row = (await readRows(client, place)).find((each) => each.name === name);
    if (row === undefined) return [];
    const adoptions = await readRevisions(client, place);
    const adoption = adoptions.find((each) => each.revision === revision && each.baseline === name);
    await deleteRows(client, place, [name]);
    failpoint('restore.deleted');
    const rows = adoption?.replaced ?? (await inventRows(client, place, row, replaces));
    await putBack(client, place, rows);
    failpoint('restore.inserted');
    if (adoption !== undefined) await deleteRevision(client, place, adoption.id);
    failpoint('restore.forgotten');
    return rows;
  });
}

async function putBack(client: Queryable, place: LedgerPlace, rows: readonly LedgerRow[]): Promise<void> {
  try {
    await insertRowsAsTheyWere(client, place, rows);
  } catch (error) {
    throw errorCode(error) === '23505' ? taken(place, error) : error;
  }
  await advanceSequence(client, place);
  const now = await readRows(client, place);
  for (const row of rows) {
    const found = now.filter(({ name }) => name === row.name);
    if (found.length !== 1 || !isDeepStrictEqual(found[0], row)) {
      throw new SquashError(
        'LEDGER_MISMATCH',
        `${place.sql.ledger} did not take "${row.name}" back as it was`,
        {
          hint: 'Nothing was written: look for another row of that name, or a trigger on the table.',
        },
      );
    }
  }
}

async function inventRows(
  client: Queryable,
  { sql }: LedgerPlace,
  { batch, migrationTime }: LedgerRow,
  replaces: AdoptedBaseline['replaces'],
): Promise<readonly LedgerRow[]> {
  const { rows } = await client.query<{ id: number }>(
    `SELECT nextval(pg_get_serial_sequence($1, 'id'))::integer AS id FROM generate_series(1, $2)`,
    [sql.ledger, replaces.length],
  );
  return replaces.map(({ name }, n) => ({ id: rows[n]?.id ?? n, name, batch, migrationTime }));
}

function taken({ sql }: LedgerPlace, cause: unknown): SquashError {
  return new SquashError('LEDGER_MISMATCH', `an id of the replaced rows is taken in ${sql.ledger}`, {
    hint: 'Its rows were numbered anew since the adoption: compare it with the column `replaced` of the revision table.',
    cause,
  });
}
