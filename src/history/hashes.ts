import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Queryable } from '../database/client.js';
import { sha256 } from './hash.js';
import { insertion, type LedgerPlace } from './ledger.js';
import type { LedgerRow, Migration } from './migration.js';

/** A file that isn't as it was when it ran on a database. */
export interface EditedFile {
  /** Its name in the ledger. */
  readonly name: string;
  readonly recorded: string;
  readonly now: string;
}

/**
 * Makes the table in which the hashes of files are kept that ran; false where this role may not.
 * `client` holds Knex's lock.
 */
export async function ensureHashes(client: Queryable, { schema, sql }: LedgerPlace): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(`SELECT has_schema_privilege($1, 'CREATE') AS may`, [
    schema,
  ]);
  if (rows[0]?.may !== true) return false;
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${sql.hashes} (
       id integer PRIMARY KEY,
       name varchar(255) NOT NULL,
       sha256 text NOT NULL)`,
  );
  return true;
}

/** Adds a row as `insertRow` does, and the hash of its file under the same id, in one round trip. */
export async function insertRowAndHash(
  client: Queryable,
  place: LedgerPlace,
  { name, batch }: Pick<LedgerRow, 'name' | 'batch'>,
  hash: string,
): Promise<void> {
  const { advanced, inserted } = insertion(place);
  await client.query(
    `WITH advanced AS (${advanced}), made AS (${inserted} RETURNING id, name)
     INSERT INTO ${place.sql.hashes} (id, name, sha256) SELECT id, name, $4::text FROM made
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, sha256 = excluded.sha256`,
    [name, batch, place.sql.ledger, hash],
  );
}

/**
 * The hashes of the files that our own commands ran, by the name in the ledger. What stock Knex ran
 * has none, and neither has a row that it wrote anew.
 */
export async function readHashes(
  client: Queryable,
  { sql, exists }: LedgerPlace,
): Promise<ReadonlyMap<string, string>> {
  if (!exists.hashes || !exists.ledger) return new Map();
  const { rows } = await client.query<{ name: string; sha256: string }>(
    `SELECT h.name, h.sha256 FROM ${sql.hashes} h JOIN ${sql.ledger} l ON l.id = h.id AND l.name = h.name`,
  );
  return new Map(rows.map((row) => [row.name, row.sha256]));
}

/** Files that were edited since they ran; how lines end, and a build into another language, don't count. */
export async function editedFiles(
  history: readonly Migration[],
  recorded: ReadonlyMap<string, string>,
): Promise<readonly EditedFile[]> {
  const edited: EditedFile[] = [];
  for (const { name, path, sha256: now } of history) {
    const then = recorded.get(name);
    if (then === undefined || then === now) continue;
    if (path !== null && (extname(path) !== extname(name) || (await spellings(path)).includes(then)))
      continue;
    edited.push({ name, recorded: then, now });
  }
  return edited;
}

async function spellings(path: string): Promise<readonly string[]> {
  const text = (await readFile(path, 'utf8')).replaceAll('\r\n', '\n');
  return [text, text.replaceAll('\n', '\r\n')].map((each) => sha256(each));
}
