import type { Queryable } from '../database/client.js';
import type { LedgerPlace } from './ledger.js';
import type { LedgerRow } from './migration.js';

/** A difference between the live catalog and the expected one that was let through by name. */
export interface AcceptedDrift {
  readonly id: string;
  readonly change: string;
}

/** What an adoption leaves behind: enough to give the ledger back as it was. */
export interface RevisionRow {
  /** The baseline's content hash, 12 hex digits. */
  readonly revision: string;
  /** The baseline's name in the ledger. */
  readonly baseline: string;
  /** The catalog's fingerprint at the adoption. */
  readonly fingerprint: string;
  readonly replaced: readonly LedgerRow[];
  readonly accepted: readonly AcceptedDrift[];
  readonly toolVersion: string;
}

/** A recorded adoption. */
export interface RecordedRevision extends RevisionRow {
  readonly id: number;
  /** In UTC, as a ledger row's time. */
  readonly adoptedAt: string;
}

/** Records an adoption; creates the table at the first one. `client` holds the ledger's lock. */
export async function insertRevision(
  client: Queryable,
  { sql }: LedgerPlace,
  row: RevisionRow,
): Promise<void> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${sql.revision} (
       id serial PRIMARY KEY,
       revision text NOT NULL,
       baseline text NOT NULL,
       fingerprint text NOT NULL,
       replaced jsonb NOT NULL,
       accepted jsonb NOT NULL DEFAULT '[]',
       adopted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
       tool_version text NOT NULL)`,
  );
  await client.query(
    `INSERT INTO ${sql.revision} (revision, baseline, fingerprint, replaced, accepted, tool_version)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      row.revision,
      row.baseline,
      row.fingerprint,
      JSON.stringify(row.replaced),
      JSON.stringify(row.accepted),
      row.toolVersion,
    ],
  );
}

/** Every adoption of this database, the latest first; none where the table is missing. */
export async function readRevisions(
  client: Queryable,
  { sql, exists }: LedgerPlace,
): Promise<readonly RecordedRevision[]> {
  if (!exists.revision) return [];
  const { rows } = await client.query<RecordedRevision>(
    `SELECT id, revision, baseline, fingerprint, replaced, accepted, tool_version AS "toolVersion",
            to_char(adopted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00' AS "adoptedAt"
       FROM ${sql.revision} ORDER BY id DESC`,
  );
  return rows;
}

/**
 * The names that an adoption replaced which was not over a given time ago, by the server's clock.
 * @param milliseconds how long ago.
 */
export async function recentlyReplaced(
  client: Queryable,
  { sql, exists }: LedgerPlace,
  baseline: string,
  milliseconds: number,
): Promise<readonly string[]> {
  if (!exists.revision) return [];
  const { rows } = await client.query<{ name: string }>(
    `SELECT r.name FROM ${sql.revision}, jsonb_to_recordset(replaced) AS r (name text, id integer)
      WHERE baseline = $1 AND adopted_at > clock_timestamp() - $2 * interval '1 millisecond' ORDER BY r.id`,
    [baseline, milliseconds],
  );
  return rows.map(({ name }) => name);
}

/** Forgets an adoption that has been undone. */
export async function deleteRevision(client: Queryable, { sql }: LedgerPlace, id: number): Promise<void> {
  await client.query(`DELETE FROM ${sql.revision} WHERE id = $1`, [id]);
}
