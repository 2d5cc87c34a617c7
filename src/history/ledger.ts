import { errorCode, type Queryable } from '../database/client.js';
import { quoteQualified } from '../database/sql.js';
import type { Settings } from '../settings/settings.js';
import type { LedgerRow } from './migration.js';

/** Where Knex keeps its ledger; `searchPath` is Knex's, which counts where `schemaName` is null. */
export interface LedgerSettings {
  readonly tableName: string;
  readonly schemaName: string | null;
  readonly searchPath?: Settings['searchPath'];
}

/**
 * One name for each of the six tables: Knex's two, our records of adoptions, of what has no transaction,
 * of objects that have files of their own, and of the files that ran.
 */
export interface LedgerTables {
  readonly ledger: string;
  readonly lock: string;
  readonly revision: string;
  readonly progress: string;
  readonly objects: string;
  readonly hashes: string;
}

/** The tables in one database: as they stand in SQL, schema included, and which of them exist. */
export interface LedgerPlace {
  readonly schema: string;
  readonly sql: LedgerTables;
  readonly exists: { readonly [table in keyof LedgerTables]: boolean };
}

/** The bare, unquoted names: Knex's default gives `knex_migrations` and, with it, `_lock` and so on. */
export function ledgerTables({ tableName }: Pick<LedgerSettings, 'tableName'>): LedgerTables {
  return {
    ledger: tableName,
    lock: `${tableName}_lock`,
    revision: `${tableName}_revision`,
    progress: `${tableName}_progress`,
    objects: `${tableName}_objects`,
    hashes: `${tableName}_hashes`,
  };
}

/**
 * Finds the tables as Knex finds its own: in `schemaName`, else in the first schema of the
 * search path. Works behind the session fence too, where the search path is empty: there the path
 * that the session would have without it counts.
 */
export async function locateLedger(client: Queryable, settings: LedgerSettings): Promise<LedgerPlace> {
  const { schemaName, searchPath = null } = settings;
  const found = await look(client, settings, schemaName, searchPath);
  if (found !== null) return found;
  const entries = searchPath ?? splitSearchPath(await unfencedSearchPath(client));
  return (await look(client, settings, schemaName, entries)) ?? placeIn('public', settings, none);
}

const none: LedgerPlace['exists'] = {
  ledger: false,
  lock: false,
  revision: false,
  progress: false,
  objects: false,
  hashes: false,
};

/** One round trip; null where neither the session nor the path has a schema that exists and may be used. */
async function look(
  client: Queryable,
  settings: LedgerSettings,
  schemaName: string | null,
  searchPath: readonly string[] | null,
): Promise<LedgerPlace | null> {
  const names = ledgerTables(settings);
  const { rows } = await client.query<LedgerPlace['exists'] & { schema: string | null }>(
    `SELECT schema, ${Object.keys(names)
      .map(
        (table, at) =>
          `to_regclass(quote_ident(schema) || '.' || quote_ident($${at + 3})) IS NOT NULL AS ${table}`,
      )
      .join(', ')}
       FROM (SELECT coalesce($1::text, CASE WHEN $2::text[] IS NULL THEN current_schema() END,
         (SELECT nspname FROM unnest($2::text[]) WITH ORDINALITY AS path (entry, place)
            JOIN pg_namespace ON nspname = CASE entry WHEN '$user' THEN current_user ELSE entry END
           WHERE has_schema_privilege(pg_namespace.oid, 'USAGE')
           ORDER BY place LIMIT 1)) AS schema) AS place`,
    [schemaName, searchPath, ...Object.values(names)],
  );
  const { schema, ...exists } = rows[0] ?? { schema: null, ...none };
  return schema === null ? null : placeIn(schema, settings, exists);
}

function placeIn(schema: string, settings: LedgerSettings, exists: LedgerPlace['exists']): LedgerPlace {
  const names = ledgerTables(settings);
  const sql: LedgerTables = {
    ledger: quoteQualified(schema, names.ledger),
    lock: quoteQualified(schema, names.lock),
    revision: quoteQualified(schema, names.revision),
    progress: quoteQualified(schema, names.progress),
    objects: quoteQualified(schema, names.objects),
    hashes: quoteQualified(schema, names.hashes),
  };
  return { schema, sql, exists };
}

/** The ledger by id, or null where the database has none. */
export async function readLedger(
  client: Queryable,
  settings: LedgerSettings,
): Promise<readonly LedgerRow[] | null> {
  const place = await locateLedger(client, settings);
  return place.exists.ledger ? readRows(client, place) : null;
}

/** The rows of a ledger that is known to exist, by id. */
export async function readRows(client: Queryable, place: LedgerPlace): Promise<readonly LedgerRow[]> {
  const { rows } = await client.query<LedgerRow>(
    `SELECT id::integer, name, batch, to_char(migration_time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
              || '+00' AS "migrationTime"
       FROM ${place.sql.ledger} ORDER BY id`,
  );
  return rows;
}

/**
 * Creates what stock Knex creates and nothing else (knex/lib/migrations/migrate/table-creator.js):
 * the ledger, the lock table and its one row. Where both exist it only looks. Safe when several
 * processes do it at once, stock Knex among them. `client` must not be in a transaction.
 */
export async function ensureLedger(client: Queryable, settings: LedgerSettings): Promise<LedgerPlace> {
  for (let attempt = 1; ; attempt++) {
    const place = await locateLedger(client, settings);
    if (await isComplete(client, place)) return place;
    try {
      await client.query(creation(place.sql));
      return { ...place, exists: { ...place.exists, ledger: true, lock: true } };
    } catch (error) {
      // IF NOT EXISTS doesn't see a table of a transaction that hasn't committed: two creators
      // collide in the catalog's unique indexes, and the loser looks again.
      if (attempt === creationAttempts || !collisions.has(errorCode(error) ?? '')) throw error;
    }
  }
}

const creationAttempts = 5;

/** unique_violation, duplicate_table, duplicate_object, and the catalog's own "tuple concurrently updated". */
const collisions = new Set(['23505', '42P07', '42710', 'XX000']);

/**
 * Adds a row with the server's clock, unless the ledger names the migration already. Its id is the
 * highest, even where rows with ids of their own were brought in past the sequence: ids are the order
 * in which a database ran its migrations.
 */
export async function insertRow(
  client: Queryable,
  place: LedgerPlace,
  row: Pick<LedgerRow, 'name' | 'batch'>,
): Promise<void> {
  const { advanced, inserted } = insertion(place);
  await client.query(`WITH advanced AS (${advanced}) ${inserted}`, [row.name, row.batch, place.sql.ledger]);
}

/** The parts of {@link insertRow}'s statement; its parameters are the name, the batch and the ledger's table. */
export function insertion(place: LedgerPlace): { readonly advanced: string; readonly inserted: string } {
  const { ledger } = place.sql;
  return {
    advanced: advance(place, 3),
    inserted: `INSERT INTO ${ledger} (name, batch, migration_time)
     SELECT $1::varchar, $2::integer, clock_timestamp() FROM (SELECT count(*) FROM advanced) AS first
      WHERE NOT EXISTS (SELECT FROM ${ledger} WHERE name = $1::varchar)`,
  };
}

/** Adds rows as they once were, ids and times included. */
export async function insertRowsAsTheyWere(
  client: Queryable,
  place: LedgerPlace,
  rows: readonly LedgerRow[],
): Promise<void> {
  await client.query(
    `INSERT INTO ${place.sql.ledger} (id, name, batch, migration_time)
     SELECT * FROM unnest($1::integer[], $2::varchar[], $3::integer[], $4::timestamptz[])`,
    [
      rows.map(({ id }) => id),
      rows.map(({ name }) => name),
      rows.map(({ batch }) => batch),
      rows.map(({ migrationTime }) => migrationTime),
    ],
  );
}

/** Removes the rows with these names; says how many there were. */
export async function deleteRows(
  client: Queryable,
  place: LedgerPlace,
  names: readonly string[],
): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM ${place.sql.ledger} WHERE name = ANY ($1::varchar[])`,
    [names],
  );
  return rowCount ?? 0;
}

/** Of several rows of one name only the lowest id stays. */
export async function deleteDoubles(client: Queryable, { sql }: LedgerPlace, name: string): Promise<void> {
  await client.query(
    `DELETE FROM ${sql.ledger} WHERE name = $1::varchar AND id > (SELECT min(id) FROM ${sql.ledger} WHERE name = $1::varchar)`,
    [name],
  );
}

/** Moves the ledger's sequence past its highest id, never back. */
export async function advanceSequence(client: Queryable, place: LedgerPlace): Promise<void> {
  await client.query(advance(place, 1), [place.sql.ledger]);
}

/** `parameter` is the number of the one that holds the ledger's name. */
function advance({ sql }: LedgerPlace, parameter: number): string {
  return `SELECT setval(sequence, highest) FROM pg_get_serial_sequence($${parameter}, 'id') AS sequence,
       LATERAL (SELECT max(id)::bigint AS highest FROM ${sql.ledger}) AS ids
      WHERE highest > coalesce(pg_sequence_last_value(sequence::regclass), 0)`;
}

async function isComplete(client: Queryable, { exists, sql }: LedgerPlace): Promise<boolean> {
  if (!exists.ledger || !exists.lock) return false;
  const { rows } = await client.query(`SELECT FROM ${sql.lock} LIMIT 1`);
  return rows.length === 1;
}

/** One round trip, so one transaction; the table lock keeps two creators from adding two lock rows. */
function creation({ ledger, lock }: LedgerTables): string {
  return `
    CREATE TABLE IF NOT EXISTS ${ledger}
      (id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz);
    CREATE TABLE IF NOT EXISTS ${lock} (index serial PRIMARY KEY, is_locked integer);
    LOCK TABLE ${lock} IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO ${lock} (is_locked) SELECT 0 WHERE NOT EXISTS (SELECT FROM ${lock});`;
}

/** The path that the session has where no fence hides it. */
async function unfencedSearchPath(client: Queryable): Promise<string> {
  const { rows } = await client.query<{ path: string }>(
    `SELECT reset_val AS path FROM pg_settings WHERE name = 'search_path'`,
  );
  return rows[0]?.path ?? '';
}

/** The names in a `search_path` as PostgreSQL prints it: `"$user", public`. */
function splitSearchPath(path: string): readonly string[] {
  return [...path.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)].map(
    ([bare, quoted]) => quoted?.replaceAll('""', '"') ?? bare,
  );
}
