import type { ClientConfig } from 'pg';
import type { Catalog } from '../catalog/model.js';
import { readCatalog } from '../catalog/read.js';
import { inSnapshot, withClient } from '../database/client.js';
import { type LedgerSettings, locateLedger, readRows } from '../history/ledger.js';
import type { LedgerRow } from '../history/migration.js';

/** A database as it is: its ledger and its catalog, of one moment. */
export interface LiveDatabase {
  /** null where there is no ledger. */
  readonly ledger: readonly LedgerRow[] | null;
  readonly catalog: Catalog;
  /** Whether it holds anything besides the ledger's tables. */
  readonly hasUserObjects: boolean;
}

/**
 * Reads ledger and catalog in one snapshot; nothing is written.
 * @throws SquashError SERVER_UNREACHABLE, OBJECT_UNSUPPORTED.
 */
export async function readLive(connection: ClientConfig, settings: LedgerSettings): Promise<LiveDatabase> {
  return withClient(connection, (client) =>
    inSnapshot(client, async () => {
      const place = await locateLedger(client, settings);
      const ledger = place.exists.ledger ? await readRows(client, place) : null;
      const catalog = await readCatalog(client, { ledger: Object.values(place.sql) });
      const hasUserObjects = catalog.objects.some(
        ({ kind, name, attributes }) =>
          kind !== 'extension' && !(kind === 'schema' && (name === 'public' || attributes.ledger === true)),
      );
      return { ledger, catalog, hasUserObjects };
    }),
  );
}
