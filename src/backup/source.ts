import type { Client, ClientConfig } from 'pg';
import type { Catalog } from '../catalog/model.js';
import { readCatalog } from '../catalog/read.js';
import { inSnapshot, type Queryable, withClient } from '../database/client.js';
import { readExtensionRelations } from '../rows/extension-tables.js';
import { readSequences, type SequencePosition } from '../rows/read.js';
import { useSearchPath } from '../rows/session.js';
import { type StoredTable, sequenceIdentities, storedTables } from '../rows/tables.js';

/** The database as one exported snapshot shows it, for as long as it is held. */
export interface Source {
  /** The session that holds the snapshot. */
  readonly client: Client;
  /** What `SET TRANSACTION SNAPSHOT` and `pg_dump --snapshot` take. */
  readonly snapshot: string;
  readonly time: Date;
  readonly version: string;
  readonly major: number;
  readonly contents: Contents;
}

/** All of a database but its rows, the migration tool's tables included. */
export interface Contents {
  readonly catalog: Catalog;
  /** Every table with rows of its own, those of extensions that are the user's among them. */
  readonly tables: readonly StoredTable[];
  /** Identities of all sequences. */
  readonly sequences: readonly string[];
}

/** Reads catalog and tables; the session must be fenced. @throws SquashError OBJECT_UNSUPPORTED */
export async function readContents(client: Queryable): Promise<Contents> {
  const catalog = await readWholeCatalog(client);
  const extensions = await readExtensionRelations(client);
  return {
    catalog,
    tables: [...storedTables(catalog), ...extensions.tables],
    sequences: [...sequenceIdentities(catalog), ...extensions.sequences],
  };
}

/** The catalog with the migration tool's own tables, and with every owner by name. */
export async function readWholeCatalog(client: Queryable): Promise<Catalog> {
  return readCatalog(client, { ledger: [], namesOwners: true });
}

/** Runs `fn` with an exported snapshot, under locks that keep every table as it is. */
export async function withSource<T>(config: ClientConfig, fn: (source: Source) => Promise<T>): Promise<T> {
  return withClient(config, (client) =>
    inSnapshot(client, async () => {
      const { rows } = await client.query<{ snapshot: string; time: Date; version: string; major: number }>(
        `SELECT pg_catalog.pg_export_snapshot() AS snapshot, pg_catalog.clock_timestamp() AS time,
           pg_catalog.current_setting('server_version') AS version,
           pg_catalog.current_setting('server_version_num')::int / 10000 AS major`,
      );
      const [row] = rows;
      if (row === undefined) throw new Error('the server exported no snapshot');
      const contents = await readContents(client);
      await lockTables(client, contents.tables);
      return fn({ client, ...row, contents });
    }),
  );
}

/** Positions of all sequences: they know no snapshot, so they are read after it and never lag behind the rows. */
export async function readPositions({ client, contents }: Source): Promise<readonly SequencePosition[]> {
  return readSequences(client, contents.sequences);
}

/** Runs `fn` on a further session that sees the same. */
export async function withReader<T>(
  config: ClientConfig,
  { snapshot }: Source,
  searchPath: string,
  fn: (client: Client) => Promise<T>,
): Promise<T> {
  return withClient(config, (client) =>
    inSnapshot(
      client,
      async () => {
        // An index's function may need it whenever its table is read.
        await useSearchPath(client, searchPath);
        await client.query(`SET LOCAL synchronize_seqscans = off`);
        return fn(client);
      },
      snapshot,
    ),
  );
}

/** As pg_dump does: TRUNCATE and ALTER TABLE don't heed snapshots. */
async function lockTables(client: Queryable, tables: readonly StoredTable[]): Promise<void> {
  if (tables.length === 0) return;
  const names = tables.map(({ identity }) => `ONLY ${identity}`).join(', ');
  await client.query(`LOCK TABLE ${names} IN ACCESS SHARE MODE`);
}
