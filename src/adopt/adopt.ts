import type { ClientConfig } from 'pg';
import type { Difference } from '../catalog/compare.js';
import { fingerprint } from '../catalog/fingerprint.js';
import { withClient } from '../database/client.js';
import type { LedgerSettings } from '../history/ledger.js';
import { decideState } from '../history/state.js';
import { driftFrom, type ExpectedCatalog, isExpected } from './expected.js';
import { readLive } from './live.js';
import { adoptBaseline } from './stamp.js';

/** The baseline that a database is to adopt. */
export interface AdoptableBaseline {
  readonly name: string;
  readonly revision: string;
  readonly replaces: readonly { readonly name: string; readonly sha256: string }[];
  readonly fingerprints: { readonly history: string; readonly baseline: string };
  readonly serverMajor: number;
  readonly toolVersion: string;
}

/** What became of it. Only `adopted` has written anything. */
export type AdoptionOutcome =
  | { readonly kind: 'adopted'; readonly rows: number }
  | { readonly kind: 'already adopted' }
  | { readonly kind: 'fresh' }
  | { readonly kind: 'partial'; readonly missing: readonly string[] }
  | { readonly kind: 'ghosts'; readonly ghosts: readonly string[] }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'drifted'; readonly differences: readonly Difference[] };

/**
 * Lets a database that ran all replaced migrations, and whose live catalog is the expected one, say
 * `baseline` in its ledger instead. Never stamps on the ledger's word alone, and runs nothing.
 *
 * @param files names of the migrations that lie in the project beside the baseline.
 * @param expected gives the catalog to compare with, asked only where the fingerprints don't match.
 * @throws SquashError LOCK_TIMEOUT, LEDGER_MISMATCH where the ledger changed meanwhile.
 */
export async function adoptIfFull(
  connection: ClientConfig,
  settings: LedgerSettings,
  baseline: AdoptableBaseline,
  files: readonly string[],
  expected: () => Promise<ExpectedCatalog>,
): Promise<AdoptionOutcome> {
  const live = await readLive(connection, settings);
  const names = [baseline.name, ...files.filter((name) => name !== baseline.name)];
  const state = decideState({
    ledger: live.ledger,
    files: names.map((name) => ({ name })),
    baseline,
    hasUserObjects: live.hasUserObjects,
  });
  switch (state.kind) {
    case 'fresh':
    case 'foreign':
      return { kind: state.kind };
    case 'adopted':
      return { kind: 'already adopted' };
    case 'ghosts':
      return { kind: 'ghosts', ghosts: state.ghosts };
    case 'partial':
      return { kind: 'partial', missing: state.missing };
    default:
  }
  const isAhead = state.kind === 'ahead';
  if (isAhead || !isExpected(live.catalog, baseline)) {
    const differences = driftFrom(await expected(), live.catalog);
    if (differences.length > 0) return { kind: 'drifted', differences };
  }
  const result = await withClient(connection, (client) =>
    adoptBaseline(client, settings, { ...baseline, fingerprint: fingerprint(live.catalog) }),
  );
  return result.isNew ? { kind: 'adopted', rows: result.replaced.length } : { kind: 'already adopted' };
}
