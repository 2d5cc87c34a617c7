import { createHash } from 'node:crypto';
import type { ClientConfig } from 'pg';
import type { Column } from '../catalog/columns.js';
import type { Catalog } from '../catalog/model.js';
import { readCatalog } from '../catalog/read.js';
import { type Queryable, withSnapshot } from '../database/client.js';
import { type LedgerSettings, locateLedger } from '../history/ledger.js';
import { readDigests, type TableDigest, tablesWithRows } from '../rows/digest.js';
import { type ExtensionRelations, readExtensionRelations } from '../rows/extension-tables.js';
import { readSequences, type SequencePosition } from '../rows/read.js';
import { withRows } from '../rows/session.js';
import { type StoredTable, sequenceIdentities, storedTables } from '../rows/tables.js';

/** Everything of a database that a baseline must give again. */
export interface Observation {
  readonly catalog: Catalog;
  /** Tables, and those of extensions whose rows are the user's. */
  readonly tables: readonly StoredTable[];
  /** Of the tables that have rows. */
  readonly digests: readonly TableDigest[];
  readonly sequences: readonly SequencePosition[];
  /** Populated materialized views, as tables, and what they hold. */
  readonly views: readonly StoredTable[];
  readonly viewDigests: readonly TableDigest[];
  /** Of tables that an extension keeps for itself. */
  readonly unmarkedDigests: readonly TableDigest[];
}

/** Columns, by id of their table or materialized view, that don't count in a digest. */
export type LeftOut = ReadonlyMap<string, ReadonlySet<string>>;

/** What a reader of a database must know of the project. */
export interface Reading {
  readonly ledger: LedgerSettings;
  /** The search_path under which the history ran. */
  readonly searchPath: string;
}

/** Reads a shadow under the session fence; its ledger is left out. */
export async function observe(
  shadow: ClientConfig,
  { ledger, searchPath }: Reading,
  leftOut: LeftOut = new Map(),
): Promise<Observation> {
  const { catalog, extensions } = await withSnapshot(shadow, async (client) => ({
    catalog: await readCatalogBeside(client, ledger),
    extensions: await readExtensionRelations(client),
  }));
  const tables = [...storedTables(catalog), ...extensions.tables];
  return withRows(shadow, searchPath, [...tables, ...extensions.unmarked], (client) =>
    observeRows(client, catalog, tables, extensions, leftOut),
  );
}

async function observeRows(
  client: Queryable,
  catalog: Catalog,
  tables: readonly StoredTable[],
  extensions: ExtensionRelations,
  leftOut: LeftOut,
): Promise<Observation> {
  const left = (table: string): ReadonlySet<string> => leftOut.get(table) ?? new Set();
  const views = populatedViews(catalog);
  const unmarked = await tablesWithRows(client, extensions.unmarked);
  return {
    catalog,
    tables,
    digests: await readDigests(client, await tablesWithRows(client, tables), left),
    sequences: await readSequences(client, [...sequenceIdentities(catalog), ...extensions.sequences]),
    views,
    viewDigests: await readDigests(client, views, left),
    unmarkedDigests: await readDigests(client, unmarked),
  };
}

/** The catalog without the ledger's own tables; all of it, or `only` some kinds. The session must be fenced. */
export async function readCatalogBeside(
  client: Queryable,
  ledger: LedgerSettings,
  only?: readonly string[],
): Promise<Catalog> {
  const { sql } = await locateLedger(client, ledger);
  return readCatalog(client, { ledger: Object.values(sql), ...(only === undefined ? {} : { only }) });
}

function populatedViews(catalog: Catalog): readonly StoredTable[] {
  return catalog.objects
    .filter(({ kind, attributes }) => kind === 'materialized view' && attributes.populated === true)
    .map(({ id, identity, attributes }) => ({
      id,
      identity,
      columns: ((attributes.columns ?? []) as unknown as readonly Column[]).map(({ name, type }) => ({
        name,
        type,
        default: null,
        identity: null,
      })),
      primaryKey: null,
      uniqueKeys: [],
      foreignKeys: [],
      partitionOf: [],
      forcesRowSecurity: false,
      madeBy: id,
      condition: '',
    }));
}

/** Hex sha256 over tables, numbers of rows and their hashes. */
export function digestOfRows(digests: readonly TableDigest[]): string {
  const hash = createHash('sha256');
  for (const { table, rows, digest } of [...digests].sort((a, b) => (a.table < b.table ? -1 : 1))) {
    hash.update(`${table}\u0000${rows}\u0000${digest}\n`);
  }
  return hash.digest('hex');
}
