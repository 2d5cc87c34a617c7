import type { ClientConfig } from 'pg';
import { canonicalDifferences } from '../catalog/canonical.js';
import type { Difference } from '../catalog/compare.js';
import type { Catalog } from '../catalog/model.js';
import { readCatalog } from '../catalog/read.js';
import { inSnapshot, type Queryable, withClient } from '../database/client.js';
import { type ShadowOptions, withShadow } from '../database/shadow.js';
import { isSquashError } from '../errors.js';
import { type LedgerSettings, locateLedger } from '../history/ledger.js';
import type { Migration } from '../history/migration.js';
import { type ReplaySettings, replayHistory } from '../history/replay.js';
import { type Cache, cacheKey, readCached, writeCached } from './cache.js';
import { asExpected, bare, driftFrom, type ExpectedCatalog } from './expected.js';

/** Where the promise of a ledger is worked out. */
export interface Workshop {
  /** The server on which shadows are made, and how. */
  readonly shadow: ClientConfig;
  readonly shadowOptions: (migrations: readonly Migration[]) => Promise<ShadowOptions>;
  readonly settings: ReplaySettings;
  readonly cache: Cache;
  /** Told the name of each migration that is run on a shadow. */
  readonly onReplayed?: (name: string) => void;
}

/**
 * How a live catalog differs from the one that these migrations build, in this order. What they build
 * is read from a shadow the first time and from the cache afterwards. Where only spellings differ the
 * server parses them again, on the shadow and never on the live database, and what turned out to be
 * the same is remembered as well.
 *
 * @throws SquashError SHADOW_UNAVAILABLE, MIGRATION_FAILED, MIGRATION_INVALID.
 */
export async function driftFromPromise(
  workshop: Workshop,
  migrations: readonly Migration[],
  live: Catalog,
): Promise<readonly Difference[]> {
  const key = promiseKey(workshop, migrations, live.major);
  const known = await readCached<ExpectedCatalog>(workshop.cache, key);
  const differences = known === null ? null : driftFrom(known, live);
  // What is missing or too much is no matter of spelling: no shadow could tell more.
  if (differences?.every(({ change }) => change !== 'changed')) return differences;
  return buildAndCompare(workshop, migrations, live, known, key);
}

/**
 * Whether these migrations run in this order on an empty database; null if so, else the error of the
 * one that failed. What they build is remembered.
 */
export async function tryOnShadow(
  workshop: Workshop,
  migrations: readonly Migration[],
  major: number,
): Promise<Error | null> {
  const key = promiseKey(workshop, migrations, major);
  if ((await readCached(workshop.cache, key)) !== null) return null;
  try {
    await onBuilt(workshop, migrations, async (_shadow, built) =>
      writeCached(workshop.cache, key, asExpected(built)),
    );
    return null;
  } catch (error) {
    if (isSquashError(error) && ['MIGRATION_FAILED', 'MIGRATION_INVALID'].includes(error.code)) return error;
    throw error;
  }
}

function promiseKey({ settings }: Workshop, migrations: readonly Migration[], major: number): string {
  const files = migrations.map(({ name, sha256 }) => [name, sha256]);
  return cacheKey(['catalog', major, settings.searchPath, settings.migrations.disableTransactions, files]);
}

async function buildAndCompare(
  workshop: Workshop,
  migrations: readonly Migration[],
  live: Catalog,
  known: ExpectedCatalog | null,
  key: string,
): Promise<readonly Difference[]> {
  return onBuilt(workshop, migrations, async (shadow, built) => {
    const expected = asExpected(built, known?.otherwise ?? []);
    const differences = driftFrom(expected, live);
    const remaining = await withClient(shadow, (client) =>
      unlessSpelling(client, differences, built, live, () => readOn(client, workshop.settings)),
    );
    const real = new Set(remaining.map(({ id }) => id));
    const settled = new Set(differences.map(({ id }) => id).filter((id) => !real.has(id)));
    const otherwise = live.objects.filter(({ id }) => settled.has(id)).map(bare);
    await writeCached(workshop.cache, key, {
      ...expected,
      otherwise: [...expected.otherwise, ...otherwise],
    });
    return remaining;
  });
}

async function onBuilt<T>(
  { shadow: server, shadowOptions, settings, onReplayed }: Workshop,
  migrations: readonly Migration[],
  fn: (shadow: ClientConfig, built: Catalog) => Promise<T>,
): Promise<T> {
  return withShadow(server, await shadowOptions(migrations), async (shadow) => {
    await replayHistory(shadow, settings, migrations, ({ name }) => onReplayed?.(name));
    const built = await withClient(shadow, (client) => inSnapshot(client, () => readOn(client, settings)));
    return fn(shadow, built);
  });
}

async function readOn(client: Queryable, { migrations, searchPath }: ReplaySettings): Promise<Catalog> {
  const ledger: LedgerSettings = { ...migrations, searchPath };
  const { sql } = await locateLedger(client, ledger);
  return readCatalog(client, { ledger: Object.values(sql) });
}

/**
 * Deparsing is no fixpoint, and either side may be a trip through the parser ahead of the other: what
 * equals the other side after one more trip is the same.
 */
async function unlessSpelling(
  client: Queryable,
  differences: readonly Difference[],
  built: Catalog,
  live: Catalog,
  readAgain: () => Promise<Catalog>,
): Promise<readonly Difference[]> {
  const only = (catalog: Catalog, left: readonly Difference[]): Catalog => {
    const ids = new Set(left.map(({ id }) => id));
    return { ...catalog, objects: catalog.objects.filter(({ id }) => ids.has(id)) };
  };
  if (differences.length === 0) return [];
  const first = await canonicalDifferences(
    client,
    only(built, differences),
    only(live, differences),
    readAgain,
  );
  if (first.length === 0) return [];
  const second = await canonicalDifferences(client, only(live, first), only(built, first), readAgain);
  const real = new Set(second.map(({ id }) => id));
  return first.filter(({ id }) => real.has(id));
}
