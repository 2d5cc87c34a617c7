import { isDeepStrictEqual } from 'node:util';
import type { ClientConfig } from 'pg';
import type { Queryable } from '../database/client.js';
import { SquashError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import { deleteRows, type LedgerPlace, type LedgerSettings, readRows } from '../history/ledger.js';
import { type LockOptions, withLedgerLocked } from '../history/lock.js';
import type { LedgerRow } from '../history/migration.js';
import { type AcceptedDrift, insertRevision } from '../history/revision.js';
import { readDigest } from './digest.js';

/** The baseline to adopt, and what is recorded of the adoption. */
export interface Adoption {
  /** The baseline's name in the ledger. */
  readonly name: string;
  readonly revision: string;
  /** The names that its row takes the place of. */
  readonly replaces: readonly { readonly name: string }[];
  /** The catalog's fingerprint, which the caller has compared. */
  readonly fingerprint: string;
  readonly toolVersion: string;
  /** Differences that were let through by name. */
  readonly accepted?: readonly AcceptedDrift[];
}

/** The database as the caller compared it: it must be the same when it is stamped. */
export interface Seen {
  readonly ledger: readonly LedgerRow[];
  readonly digest: string;
  readonly digestQuery: string;
}

/** What an adoption did. */
export interface AdoptionResult {
  /** `changed`: the ledger or the catalog is no longer as it was compared, and nothing was written. */
  readonly kind: 'adopted' | 'already adopted' | 'changed';
  readonly replaced: readonly LedgerRow[];
  /** Milliseconds for which others were kept out of the ledger. */
  readonly lockedFor: number;
}

/**
 * Makes a database's ledger say the baseline's name instead of the names that it replaces, without
 * running anything: compare and swap in one short transaction, with the replaced rows recorded beside
 * it. Of several that try at once one does it and the others find it done.
 *
 * The baseline takes the lowest id and the lowest batch of the rows that it replaces, so that it
 * stays where they stood and a rollback of the last batch doesn't reach it sooner than before.
 *
 * @throws SquashError LEDGER_MISMATCH when the ledger doesn't have exactly one row for each replaced
 *   name, LOCK_TIMEOUT. Nothing is written then.
 */
export async function adoptBaseline(
  connection: ClientConfig,
  settings: LedgerSettings,
  adoption: Adoption,
  seen: Seen | null = null,
  lock: LockOptions = {},
): Promise<AdoptionResult> {
  let lockedAt = 0;
  const { kind, replaced } = await withLedgerLocked(connection, settings, lock, async ({ client, place }) => {
    lockedAt = performance.now();
    failpoint('adopt.locked');
    return stamp(client, place, adoption, seen);
  });
  return { kind, replaced, lockedFor: performance.now() - lockedAt };
}

async function stamp(
  client: Queryable,
  place: LedgerPlace,
  adoption: Adoption,
  seen: Seen | null,
): Promise<Pick<AdoptionResult, 'kind' | 'replaced'>> {
  const rows = await readRows(client, place);
  if (rows.some(({ name }) => name === adoption.name)) return { kind: 'already adopted', replaced: [] };
  if (seen !== null && !(await isAsSeen(client, rows, seen))) return { kind: 'changed', replaced: [] };
  const replaced = findReplaced(rows, adoption, place);
  await swapRows(client, place, adoption, replaced);
  return { kind: 'adopted', replaced };
}

async function isAsSeen(client: Queryable, rows: readonly LedgerRow[], seen: Seen): Promise<boolean> {
  return isDeepStrictEqual(rows, seen.ledger) && (await readDigest(client, seen.digestQuery)) === seen.digest;
}

async function swapRows(
  client: Queryable,
  place: LedgerPlace,
  { name, revision, fingerprint, toolVersion, accepted = [] }: Adoption,
  replaced: readonly LedgerRow[],
): Promise<void> {
  const record = { revision, baseline: name, fingerprint, replaced, accepted, toolVersion };
  await insertRevision(client, place, record);
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
        hint: 'Run `knex-squash up`, which runs them from the archive first.',
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
