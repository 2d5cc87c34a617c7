import { z } from 'zod';
import { compareCatalogs, type Difference } from '../catalog/compare.js';
import { canonicalJson, fingerprint } from '../catalog/fingerprint.js';
import type { Attributes, Catalog, CatalogObject } from '../catalog/model.js';

/**
 * The catalog that a database must have at some point of its ledger: the objects, and other ways in
 * which the server spells some of them (canonical.ts).
 */
export interface ExpectedCatalog {
  readonly serverMajor: number;
  readonly objects: readonly ExpectedObject[];
  readonly otherwise: readonly ExpectedObject[];
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
  /** As the history makes them. */
  history: objects,
  /** Those that the server spells otherwise where the baseline made them. */
  baseline: objects,
});

/** The place of the expected catalog in an archive. */
export const expectedCatalogPath = 'catalog.json';

/** The text of `catalog.json` in an archive. */
export function renderExpected(history: Catalog, baseline: Catalog): string {
  const differing = new Set(compareCatalogs(history, baseline).map(({ id }) => id));
  const expected = {
    formatVersion: 1,
    serverMajor: history.major,
    history: history.objects.map(bare),
    baseline: baseline.objects.filter(({ id }) => differing.has(id)).map(bare),
  };
  return `${JSON.stringify(expected, null, 1)}\n`;
}

/** @throws ZodError or SyntaxError when the text isn't whole; an archive's hashes see to that before. */
export function parseExpected(text: string): ExpectedCatalog {
  const { serverMajor, history, baseline } = expectedSchema.parse(JSON.parse(text));
  return {
    serverMajor,
    objects: history as readonly ExpectedObject[],
    otherwise: baseline as readonly ExpectedObject[],
  };
}

/** What is compared of an object. */
export function bare({ kind, id, attributes }: ExpectedObject): ExpectedObject {
  return { kind, id, attributes };
}

/**
 * How a live catalog differs from the expected one. Each object may be as any of its spellings: a
 * restored dump mixes those of the history and of the baseline.
 */
export function driftFrom(expected: ExpectedCatalog, live: Catalog): readonly Difference[] {
  const others = new Set(expected.otherwise.map((object) => spelling(object)));
  const found = new Map(live.objects.map((object) => [object.id, object]));
  return compareCatalogs(
    { major: expected.serverMajor, objects: expected.objects as readonly CatalogObject[] },
    live,
  ).filter(({ id }) => {
    const object = found.get(id);
    return object === undefined || !others.has(spelling(object));
  });
}

function spelling({ id, attributes }: ExpectedObject): string {
  return `${id} ${canonicalJson(attributes)}`;
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
