import type { ClientConfig } from 'pg';
import { restoreLedger } from './archive/restore.js';
import { withClient } from './database/client.js';
import { ledgerSettings } from './follow/examine.js';
import { readLedger } from './history/ledger.js';
import type { LedgerRow } from './history/migration.js';
import { stemOf } from './history/spelling.js';
import type { Settings } from './settings/settings.js';

/** Gives a database the rows back that a baseline of that name took; none where its ledger doesn't name it. */
export async function giveLedgerBack(
  target: ClientConfig,
  settings: Settings,
  revision: string,
  name: string,
  replaces: readonly { readonly name: string }[],
): Promise<readonly LedgerRow[]> {
  const ledger = ledgerSettings(settings);
  const rows = await withClient(target, (client) => readLedger(client, ledger));
  const isSame = (other: string): boolean =>
    other === name || (settings.migrations.sameName !== 'exact' && stemOf(other) === stemOf(name));
  const spelt = rows?.find((row) => isSame(row.name))?.name;
  return spelt === undefined ? [] : restoreLedger(target, ledger, { name: spelt, revision, replaces });
}
