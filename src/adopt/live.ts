import type { ClientConfig } from 'pg';
import type { Catalog } from '../catalog/model.js';
import { readCatalog } from '../catalog/read.js';
import { inSnapshot, type Queryable, withClient } from '../database/client.js';
import { type LedgerPlace, type LedgerSettings, locateLedger, readRows } from '../history/ledger.js';
import { findInterrupted } from '../history/lock.js';
import type { LedgerRow } from '../history/migration.js';
import { catalogDigestQuery, readDigest } from './digest.js';

/** A database as it is: its ledger and its catalog, of one moment. */
export interface LiveDatabase {
  /** null where there is no ledger. */
  readonly ledger: readonly LedgerRow[] | null;
  /** The migration without a transaction that broke off, if one did. */
  readonly interrupted: string | null;
  /** null where the ledger says enough. */
  readonly catalog: LiveCatalog | null;
}

export interface LiveCatalog {
  readonly catalog: Catalog;
  /** Whether it holds anything besides the ledger's tables. */
  readonly hasUserObjects: boolean;
  /** By which a change is found cheaply (digest.ts), and the query that gives it. */
  readonly digest: string;
  readonly digestQuery: string;
}

/**
 * Reads ledger and catalog in one snapshot, and before it what broke off; nothing is written.
 *
 * @param isEnough whether a ledger makes reading the catalog needless.
 * @throws SquashError SERVER_UNREACHABLE, OBJECT_UNSUPPORTED.
 */
export async function readLive(
  connection: ClientConfig,
  settings: LedgerSettings,
  isEnough: (ledger: readonly LedgerRow[]) => boolean = () => false,
): Promise<LiveDatabase> {
  return withClient(connection, async (client) => {
    const interrupted = await readInterrupted(client, settings);
    return inSnapshot(client, () => readLiveOn(client, settings, interrupted, isEnough));
  });
}

/** The migration without a transaction that broke off; asked before a snapshot, as {@link findInterrupted} says. */
export async function readInterrupted(client: Queryable, settings: LedgerSettings): Promise<string | null> {
  const place = await locateLedger(client, settings);
  const open = place.exists.lock ? await findInterrupted(client, place) : null;
  return open?.name ?? null;
}

/** As {@link readLive}, on a session that is in a snapshot already. */
async function readLiveOn(
  client: Queryable,
  settings: LedgerSettings,
  interrupted: string | null,
  isEnough: (ledger: readonly LedgerRow[]) => boolean = () => false,
): Promise<LiveDatabase> {
  const place = await locateLedger(client, settings);
  const ledger = place.exists.ledger ? await readRows(client, place) : null;
  const catalog = isEnough(ledger ?? []) ? null : await readLiveCatalog(client, place);
  return { ledger, interrupted, catalog };
}

async function readLiveCatalog(client: Queryable, place: LedgerPlace): Promise<LiveCatalog> {
  const digestQuery = await catalogDigestQuery(client);
  const digest = await readDigest(client, digestQuery);
  const catalog = await readCatalog(client, { ledger: Object.values(place.sql) });
  return { catalog, hasUserObjects: hasUserObjects(catalog), digest, digestQuery };
}

/** Whether a catalog, read without the ledger's tables, holds anything of a user's. */
export function hasUserObjects({ objects }: Catalog): boolean {
  return objects.some(
    ({ kind, name, attributes }) =>
      kind !== 'extension' && !(kind === 'schema' && (name === 'public' || attributes.ledger === true)),
  );
}
