import type { Queryable } from '../database/client.js';
import type { LedgerPlace } from '../history/ledger.js';

/** What a database says of an object that a file has defined. */
export interface RecordedObject {
  /** The file, below the folder of objects. */
  readonly path: string;
  /** The object's id in the catalog: `view public.gene_scores`. */
  readonly object: string;
  /** Hash of the file that was applied. */
  readonly sha256: string;
  /** Hash of the definition as the server printed it afterwards, and that server's major version. */
  readonly definition: string;
  readonly serverMajor: number;
}

/** All records, by path; none where the table is missing. */
export async function readRecords(
  client: Queryable,
  { sql, exists }: LedgerPlace,
): Promise<readonly RecordedObject[]> {
  if (!exists.objects) return [];
  const { rows } = await client.query<RecordedObject>(
    `SELECT path, object, sha256, definition, server_major AS "serverMajor" FROM ${sql.objects} ORDER BY path`,
  );
  return rows;
}

/** Records files that were applied and forgets those whose objects are gone; makes the table at first. */
export async function writeRecords(
  client: Queryable,
  { sql }: LedgerPlace,
  applied: readonly RecordedObject[],
  gone: readonly string[],
): Promise<void> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${sql.objects} (
       path text PRIMARY KEY,
       object text NOT NULL,
       sha256 text NOT NULL,
       definition text NOT NULL,
       server_major integer NOT NULL,
       applied_at timestamptz NOT NULL DEFAULT clock_timestamp())`,
  );
  if (gone.length > 0) {
    await client.query(`DELETE FROM ${sql.objects} WHERE path = ANY ($1::text[])`, [[...gone]]);
  }
  if (applied.length === 0) return;
  await client.query(
    `INSERT INTO ${sql.objects} (path, object, sha256, definition, server_major)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[])
     ON CONFLICT (path) DO UPDATE SET object = excluded.object, sha256 = excluded.sha256,
       definition = excluded.definition, server_major = excluded.server_major, applied_at = clock_timestamp()`,
    [
      applied.map(({ path }) => path),
      applied.map(({ object }) => object),
      applied.map(({ sha256 }) => sha256),
      applied.map(({ definition }) => definition),
      applied.map(({ serverMajor }) => serverMajor),
    ],
  );
}
