import type { Queryable } from '../database/client.js';
import { SquashError } from '../errors.js';
import { livenessSpace } from './connect.js';
import type { LedgerPlace } from './ledger.js';

/** How a migration without a transaction stands: `started` is written before it, the rest after it. */
export type ProgressState = 'started' | 'done' | 'failed' | 'applied' | 'rolled back';

/** A migration without a transaction that began and whose end was never written. */
export interface OpenMigration {
  readonly id: number;
  readonly name: string;
  readonly direction: 'up' | 'down';
  readonly batch: number;
  /** In UTC, as a ledger row's time. */
  readonly startedAt: string;
  /** Whether a session of that run still lives; null where that can't be told, as behind a pooler. */
  readonly isAlive: boolean | null;
}

/** What is written before such a migration. */
export interface Start extends Pick<OpenMigration, 'name' | 'direction' | 'batch'> {
  /** The number of the Knex instance, whose sessions hold a lock on it; null where none is known. */
  readonly run: number | null;
}

/** Writes that a migration begins; creates the table at the first one. `client` holds Knex's lock. */
export async function markStarted(
  client: Queryable,
  { sql }: LedgerPlace,
  { name, direction, batch, run }: Start,
): Promise<number> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${sql.progress} (
       id serial PRIMARY KEY,
       name varchar(255) NOT NULL,
       direction text NOT NULL,
       batch integer NOT NULL,
       state text NOT NULL DEFAULT 'started',
       run integer,
       started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
       ended_at timestamptz)`,
  );
  // A run that holds no lock on its number sits behind a pooler: nobody could tell whether it lives.
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO ${sql.progress} (name, direction, batch, run)
     SELECT $1, $2, $3, (SELECT $4::integer WHERE ${isLockedBySessions('$4::bigint')}) RETURNING id`,
    [name, direction, batch, run],
  );
  return rows[0]?.id ?? 0;
}

/** Writes how it ended. */
export async function markEnded(
  client: Queryable,
  { sql }: LedgerPlace,
  id: number,
  state: ProgressState,
): Promise<void> {
  await client.query(
    `UPDATE ${sql.progress} SET state = $2, ended_at = clock_timestamp() WHERE id = $1 AND state = 'started'`,
    [id, state],
  );
}

/** The migrations whose end was never written, the latest first; none where the table is missing. */
export async function openMigrations(
  client: Queryable,
  place: LedgerPlace,
): Promise<readonly OpenMigration[]> {
  return (await lookAtMark(client, place)).open;
}

/** Knex's lock, and the migrations whose end was never written, as they stood at one moment. */
export interface Mark {
  readonly isMarked: boolean;
  readonly open: readonly OpenMigration[];
}

/** One statement for both: read one after the other, what ends in between would look as if it had broken off. */
export async function lookAtMark(client: Queryable, { sql }: LedgerPlace): Promise<Mark> {
  const isMarked = `EXISTS (SELECT FROM ${sql.lock} WHERE is_locked = 1) AS "isMarked"`;
  const found = await client.query<{ exists: boolean; isMarked: boolean }>(
    `SELECT to_regclass($1) IS NOT NULL AS exists, ${isMarked}`,
    [sql.progress],
  );
  if (found.rows[0]?.exists !== true) return { isMarked: found.rows[0]?.isMarked === true, open: [] };
  const { rows } = await client.query<{ isMarked: boolean; open: readonly OpenMigration[] }>(
    `SELECT ${isMarked}, ARRAY(
       SELECT json_build_object('id', id, 'name', name, 'direction', direction, 'batch', batch,
              'startedAt', to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00',
              'isAlive', CASE WHEN run IS NOT NULL THEN ${isLockedBySessions('run::bigint')} END)
         FROM ${sql.progress} WHERE state = 'started' ORDER BY id DESC) AS open`,
  );
  return rows[0] ?? { isMarked: false, open: [] };
}

/** What to say of a migration whose process is gone. */
export function interrupted({ name, direction, startedAt }: OpenMigration): SquashError {
  return new SquashError(
    'MIGRATION_INTERRUPTED',
    `"${name}", which has no transaction, began to run ${direction} at ${startedAt} and its end was never written: its process was killed, or its connection was lost`,
    {
      hint: `Look how far it came in the database, put that right, then say which it is: knex-squash resolve --applied "${name}" or knex-squash resolve --rolled-back "${name}".`,
    },
  );
}

function isLockedBySessions(run: string): string {
  return `EXISTS (
    SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND classid = ${livenessSpace}::oid
      AND objid::bigint = ${run}
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`;
}
