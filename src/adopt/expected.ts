import { z } from 'zod';
import { compareCatalogs, type Difference } from '../catalog/compare.js';
import { canonicalJson, fingerprint } from '../catalog/fingerprint.js';
import type { Attributes, Catalog, CatalogObject } from '../catalog/model.js';

/**
 * The catalog that a database has which ran the replaced migrations, or the baseline: the same
 * objects, some of them spelt otherwise by the server (canonical.ts).
 */
export interface ExpectedCatalog {
  readonly serverMajor: number;
  readonly history: readonly ExpectedObject[];
  /** Objects that the server spells otherwise where the baseline made them. */
  readonly baseline: readonly ExpectedObject[];
}

export interface ExpectedObject {
  readonly kind: string;
  readonly id: string;
  readonly attributes: Attributes;
}

const objects = z.array(
  z.strictObject({ kind: z.string(), id: z.string(), attributes: z.record(z.string(), z.unknown()) }),
);

const expectedSchema = z.strictObject({
  formatVersion: z.literal(1),
  serverMajor: z.int(),
  history: objects,
  baseline: objects,
});

/** The place of the expected catalog in an archive. */
export const expectedCatalogPath = 'catalog.json';

/** The text of `catalog.json` in an archive. */
export function renderExpected(history: Catalog, baseline: Catalog): string {
  const entry = ({ kind, id, attributes }: CatalogObject): ExpectedObject => ({ kind, id, attributes });
  const differing = new Set(compareCatalogs(history, baseline).map(({ id }) => id));
  const expected = {
    formatVersion: 1,
    serverMajor: history.major,
    history: history.objects.map(entry),
    baseline: baseline.objects.filter(({ id }) => differing.has(id)).map(entry),
  };
  return `${JSON.stringify(expected, null, 1)}\n`;
}

/** @throws ZodError or SyntaxError when the text isn't whole; an archive's hashes see to that before. */
export function parseExpected(text: string): ExpectedCatalog {
  return expectedSchema.parse(JSON.parse(text)) as unknown as ExpectedCatalog;
}

/**
 * How a live catalog differs from the expected one. Each object may be as the history made it or as
 * the baseline did: a restored dump mixes both.
 */
export function driftFrom(expected: ExpectedCatalog, live: Catalog): readonly Difference[] {
  const other = new Map(expected.baseline.map((object) => [object.id, canonicalJson(object.attributes)]));
  const spelt = new Map(live.objects.map((object) => [object.id, canonicalJson(object.attributes)]));
  return compareCatalogs(
    { major: expected.serverMajor, objects: expected.history as readonly CatalogObject[] },
    live,
  ).filter(({ id }) => !other.has(id) || other.get(id) !== spelt.get(id));
}

/** Whether a live catalog is, to the byte, one that the history or the baseline built on the same major. */
export function isExpected(
  live: Catalog,
  {
    fingerprints,
    serverMajor,
  }: { readonly fingerprints: { history: string; baseline: string }; readonly serverMajor: number },
): boolean {
  const print = fingerprint(live);
  return live.major === serverMajor && (print === fingerprints.history || print === fingerprints.baseline);
}
