import { canonicalJson } from '../catalog/fingerprint.js';
import type { Catalog, CatalogObject } from '../catalog/model.js';
import { readCatalog } from '../catalog/read.js';
import type { Queryable } from '../database/client.js';
import { type Cache, readCached, writeCached } from './cache.js';
import { contentDigest } from './digest.js';
import type { Compared, PromisedCatalog, PromiseKey } from './promised.js';

/** A live catalog, and a digest of the rows of the system catalogs that it stands in. */
export interface Recalled {
  readonly catalog: Catalog;
  readonly digest: string;
  /** Whether it was known, and nothing of it was read but the digest. */
  readonly isRecalled: boolean;
}

/** That a database with that digest is what these migrations build, but for the spelling of some objects. */
interface Memory {
  readonly digest: string;
  readonly promise: PromiseKey;
  readonly spelt: readonly CatalogObject[];
}

/**
 * Reads a live catalog, unless every row of the system catalogs is as it was when the database was
 * found to be what its migrations build: then it is that, and only the digest is read.
 *
 * @param client a session in a snapshot.
 * @param ledger as SQL writes the tables of the migration tool.
 * @param key what stands for the database, by `cacheKey`.
 */
export async function readOrRecall(
  client: Queryable,
  ledger: readonly string[],
  cache: Cache,
  key: string,
): Promise<Recalled> {
  const digest = await contentDigest(client);
  const memory = await readCached<Memory>(cache, key);
  const catalog = memory?.digest === digest ? await recall(cache, memory) : null;
  if (catalog !== null) return { catalog, digest, isRecalled: true };
  return { catalog: await readCatalog(client, { ledger }), digest, isRecalled: false };
}

async function recall(cache: Cache, { promise, spelt }: Memory): Promise<Catalog | null> {
  const known = await readCached<PromisedCatalog>(cache, promise.key);
  if (known?.fingerprint !== promise.fingerprint) return null;
  const others = new Map(spelt.map((object) => [object.id, object]));
  return {
    major: known.serverMajor,
    objects: known.objects.map((object) => others.get(object.id) ?? object),
  };
}

/** Keeps in mind that a database is what its migrations build; where it isn't, nothing is kept. */
export async function remember(
  cache: Cache,
  key: string,
  { catalog, digest, isRecalled }: Recalled,
  { differences, expected, promise }: Compared,
): Promise<void> {
  if (isRecalled || differences.length > 0) return;
  const before = new Map(expected.objects.map(({ id, attributes }) => [id, canonicalJson(attributes)]));
  const spelt = catalog.objects.filter(({ id, attributes }) => before.get(id) !== canonicalJson(attributes));
  await writeCached(cache, key, { digest, promise, spelt } satisfies Memory);
}
