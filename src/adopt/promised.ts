import type { ClientConfig } from 'pg';
import { canonicalDifferences } from '../catalog/canonical.js';
import type { Difference } from '../catalog/compare.js';
import { fingerprint } from '../catalog/fingerprint.js';
import type { Catalog, CatalogObject } from '../catalog/model.js';
import { readCatalog } from '../catalog/read.js';
import { inSnapshot, type Queryable, withClient } from '../database/client.js';
import { type ShadowOptions, withShadow } from '../database/shadow.js';
import { isSquashError } from '../errors.js';
import { type LedgerSettings, locateLedger } from '../history/ledger.js';
import type { Migration } from '../history/migration.js';
import { type ReplaySettings, replayHistory } from '../history/replay.js';
import { type Cache, cacheKey, readCached, writeCached } from './cache.js';
import { bare, driftFrom, type ExpectedCatalog } from './expected.js';

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

/** What migrations build, whole, and how a live catalog differs from it. */
export interface Compared {
  readonly expected: Catalog;
  readonly differences: readonly Difference[];
  /** Where the cache has the expected catalog, and its fingerprint. */
  readonly promise: PromiseKey;
  /** Whether the migrations were run on a shadow; else the answer comes from the cache. */
  readonly replayed: boolean;
}

/** What names a promised catalog, and tells it from another that was built later. */
export interface PromiseKey {
  readonly key: string;
  readonly fingerprint: string;
}

/** An expected catalog with all that its statements are written from. */
export interface PromisedCatalog extends ExpectedCatalog {
  readonly fingerprint: string;
  readonly objects: readonly CatalogObject[];
}

/**
 * How a live catalog differs from the one that these migrations build, in this order.
 *
 * @throws SquashError as {@link compareWithPromise}.
 */
export async function driftFromPromise(
  workshop: Workshop,
  migrations: readonly Migration[],
  live: Catalog,
): Promise<readonly Difference[]> {
  return (await compareWithPromise(workshop, migrations, live)).differences;
}

/**
 * Holds a live catalog against the one that these migrations build, in this order. What they build
 * is read from a shadow the first time and from the cache afterwards. Where only spellings differ the
 * server parses them again, on the shadow and never on the live database, and what turned out to be
 * the same is remembered as well.
 *
 * @param counts whether it matters how a difference ends: for the rest no shadow is made.
 * @throws SquashError SHADOW_UNAVAILABLE, MIGRATION_FAILED, MIGRATION_INVALID.
 */
export async function compareWithPromise(
  workshop: Workshop,
  migrations: readonly Migration[],
  live: Catalog,
  counts: (difference: Difference) => boolean = () => true,
): Promise<Compared> {
  const key = promiseKey(workshop, migrations, live.major);
  const known = await readCached<PromisedCatalog>(workshop.cache, key);
  const differences = known === null ? [] : driftFrom(known, live);
  // What is missing or too much is no matter of spelling: no shadow could tell more.
  if (known !== null && differences.every((each) => each.change !== 'changed' || !counts(each))) {
    return {
      expected: asCatalog(known),
      differences,
      promise: { key, fingerprint: known.fingerprint },
      replayed: false,
    };
  }
  return buildAndCompare(workshop, migrations, live, known, key);
}

/** What these migrations build on an empty database, from a shadow the first time and from the cache afterwards. */
export async function promisedCatalog(
  workshop: Workshop,
  migrations: readonly Migration[],
  major: number,
): Promise<Catalog> {
  const key = promiseKey(workshop, migrations, major);
  const known = await readCached<PromisedCatalog>(workshop.cache, key);
  if (known !== null) return asCatalog(known);
  return onBuilt(workshop, migrations, async (_shadow, built) => {
    await writeCached(workshop.cache, key, asPromised(built));
    return built;
  });
}

function asCatalog({ serverMajor, objects }: PromisedCatalog): Catalog {
  return { major: serverMajor, objects };
}

function asPromised(built: Catalog): PromisedCatalog {
  const { major, objects } = built;
  return { serverMajor: major, objects, fingerprint: fingerprint(built), otherwise: [] };
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
  try {
    await promisedCatalog(workshop, migrations, major);
    return null;
  } catch (error) {
    if (isSquashError(error) && ['MIGRATION_FAILED', 'MIGRATION_INVALID'].includes(error.code)) return error;
    throw error;
  }
}

function promiseKey({ settings }: Workshop, migrations: readonly Migration[], major: number): string {
  const files = migrations.map(({ name, sha256 }) => [name, sha256]);
  return cacheKey(['promise', major, settings.searchPath, settings.migrations.disableTransactions, files]);
}

async function buildAndCompare(
  workshop: Workshop,
  migrations: readonly Migration[],
  live: Catalog,
  known: ExpectedCatalog | null,
  key: string,
): Promise<Compared> {
  return onBuilt(workshop, migrations, async (shadow, built) => {
    const expected = { ...asPromised(built), otherwise: known?.otherwise ?? [] };
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
    return {
      expected: built,
      differences: remaining,
      promise: { key, fingerprint: expected.fingerprint },
      replayed: true,
    };
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
