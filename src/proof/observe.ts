import { createHash } from 'node:crypto';
import type { ClientConfig } from 'pg';
import type { Catalog } from '../catalog/model.js';
import { readCatalog } from '../catalog/read.js';
import { inSnapshot, type Queryable, withClient } from '../database/client.js';
import { quoteLiteral } from '../database/sql.js';
import { type LedgerSettings, locateLedger } from '../history/ledger.js';
import { chunks, type TableDigest } from '../rows/digest.js';
import { readDigests, readSequences, type SequencePosition, tablesWithRows } from '../rows/read.js';
import { type StoredTable, sequenceIdentities, storedTables } from '../rows/tables.js';

/** Everything of a database that a baseline must give again. */
export interface Observation {
  readonly catalog: Catalog;
  readonly tables: readonly StoredTable[];
  /** Of the tables that have rows. */
  readonly digests: readonly TableDigest[];
  readonly sequences: readonly SequencePosition[];
  /** Number of rows of each populated materialized view, by id. */
  readonly views: ReadonlyMap<string, number>;
}

/** Columns, by table id, that don't count in a digest. */
export type LeftOut = ReadonlyMap<string, ReadonlySet<string>>;

/** What a reader of a database must know of the project. */
export interface Reading {
  readonly ledger: LedgerSettings;
  /** The search_path under which the history ran: an index's function may need it whenever its table is read. */
  readonly searchPath: string;
}

/** Reads a database in one snapshot under the session fence; its ledger is left out. */
export async function observe(
  connection: ClientConfig,
  reading: Reading,
  leftOut: LeftOut = new Map(),
): Promise<Observation> {
  return withClient(connection, (client) => inSnapshot(client, () => observeHere(client, reading, leftOut)));
}

async function observeHere(client: Queryable, reading: Reading, leftOut: LeftOut): Promise<Observation> {
  const catalog = await readCatalogBeside(client, reading.ledger);
  await useSearchPath(client, reading.searchPath);
  const tables = storedTables(catalog);
  const filled = await tablesWithRows(client, tables);
  return {
    catalog,
    tables,
    digests: await readDigests(client, filled, (table) => leftOut.get(table) ?? new Set()),
    sequences: await readSequences(client, sequenceIdentities(catalog)),
    views: await countViews(client, catalog),
  };
}

/** Until the end of the transaction. */
export async function useSearchPath(client: Queryable, searchPath: string): Promise<void> {
  await client.query(`SELECT set_config('search_path', $1, true)`, [searchPath]);
}

/** The catalog without the ledger's own tables. The session must be fenced. */
export async function readCatalogBeside(client: Queryable, ledger: LedgerSettings): Promise<Catalog> {
  const { sql } = await locateLedger(client, ledger);
  return readCatalog(client, { ledger: Object.values(sql) });
}

async function countViews(client: Queryable, catalog: Catalog): Promise<ReadonlyMap<string, number>> {
  const views = catalog.objects.filter(
    (object) => object.kind === 'materialized view' && object.attributes.populated === true,
  );
  const counts = new Map<string, number>();
  for (const part of chunks(views, 400)) {
    const text = part.map(
      (view) => `SELECT ${quoteLiteral(view.id)} AS id, count(*)::int AS rows FROM ${view.identity}`,
    );
    const { rows } = await client.query<{ id: string; rows: number }>(text.join('\nUNION ALL\n'));
    for (const row of rows) counts.set(row.id, row.rows);
  }
  return counts;
}

/** Hex sha256 over tables, numbers of rows and their hashes. */
export function digestOfRows(digests: readonly TableDigest[]): string {
  const hash = createHash('sha256');
  for (const { table, rows, digest } of [...digests].sort((a, b) => (a.table < b.table ? -1 : 1))) {
    hash.update(`${table}\u0000${rows}\u0000${digest}\n`);
  }
  return hash.digest('hex');
}
