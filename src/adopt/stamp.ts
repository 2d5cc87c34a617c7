import type { Queryable } from '../database/client.js';
import { SquashError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import { deleteRows, type LedgerPlace, type LedgerSettings, readRows } from '../history/ledger.js';
import { defaultLockTimeout, withLedgerLocked } from '../history/lock.js';
import type { LedgerRow } from '../history/migration.js';
import { insertRevision } from '../history/revision.js';
import type { BaselineMetadata } from '../history/state.js';

/** The baseline to adopt, and what is recorded of the adoption. */
export interface Adoption extends Omit<BaselineMetadata, 'replaces'> {
  readonly replaces: readonly { readonly name: string }[];
  /** The catalog's fingerprint, which the caller has compared. */
  readonly fingerprint: string;
  readonly toolVersion: string;
}

/** What an adoption did: `replaced` is empty when the database had adopted the baseline already. */
export interface AdoptionResult {
  readonly isNew: boolean;
  readonly replaced: readonly LedgerRow[];
}

/**
 * Makes a database's ledger say the baseline's name instead of the names that it replaces, without
 * running anything: compare and swap in one short transaction, with the replaced rows recorded beside
 * it. Of several that try at once one does it and the others find it done.
 *
 * The baseline takes the lowest id and the lowest batch of the rows that it replaces, so that it
 * stays where they stood and a rollback of the last batch doesn't reach it sooner than before.
 *
 * @param timeout milliseconds to wait for other runs; default 60,000.
 * @throws SquashError LEDGER_MISMATCH when the ledger doesn't have exactly one row for each replaced
 *   name, LOCK_TIMEOUT. Nothing is written then.
 */
export async function adoptBaseline(
  client: Queryable,
  settings: LedgerSettings,
  adoption: Adoption,
  timeout: number = defaultLockTimeout,
): Promise<AdoptionResult> {
  return withLedgerLocked(client, settings, timeout, async (place) => {
    failpoint('adopt.locked');
    const rows = await readRows(client, place);
    if (rows.some(({ name }) => name === adoption.name)) return { isNew: false, replaced: [] };
    const replaced = findReplaced(rows, adoption, place);
    await swapRows(client, place, adoption, replaced);
    return { isNew: true, replaced };
  });
}

async function swapRows(
  client: Queryable,
  place: LedgerPlace,
  { name, revision, fingerprint, toolVersion }: Adoption,
  replaced: readonly LedgerRow[],
): Promise<void> {
  await insertRevision(client, place, { revision, baseline: name, fingerprint, replaced, toolVersion });
  failpoint('adopt.recorded');
  await deleteRows(
    client,
    place,
    replaced.map((row) => row.name),
  );
  failpoint('adopt.deleted');
  const id = Math.min(...replaced.map((row) => row.id));
  const batch = Math.min(...replaced.map((row) => row.batch));
  await client.query(
    `INSERT INTO ${place.sql.ledger} (id, name, batch, migration_time) VALUES ($1, $2, $3, clock_timestamp())`,
    [id, name, batch],
  );
  failpoint('adopt.stamped');
}

/** The rows of the replaced names, by id; each name must have exactly one. */
function findReplaced(
  rows: readonly LedgerRow[],
  { name, replaces }: Adoption,
  { sql }: LedgerPlace,
): readonly LedgerRow[] {
  const names = new Set(replaces.map((replacement) => replacement.name));
  const replaced = rows.filter((row) => names.has(row.name));
  const present = replaced.map((row) => row.name);
  const missing = [...names].filter((each) => !present.includes(each));
  const doubled = present.filter((each, place) => present.indexOf(each) !== place);
  if (missing.length > 0) {
    const quoted = missing.map((each) => `"${each}"`).join(', ');
    throw new SquashError(
      'LEDGER_MISMATCH',
      `${sql.ledger} lacks migrations that "${name}" replaces: ${quoted}`,
      {
        hint: 'Run `knex-squash adopt`, which runs them from the archive first.',
      },
    );
  }
  if (doubled.length > 0) {
    const quoted = [...new Set(doubled)].map((each) => `"${each}"`).join(', ');
    throw new SquashError('LEDGER_MISMATCH', `${sql.ledger} has more than one row for ${quoted}`, {
      hint: 'Find out which row is the true one and delete the others.',
    });
  }
  return replaced;
}
