import { compareCatalogs, type Difference } from '../catalog/compare.js';
import { kindOf } from '../catalog/kinds/index.js';
import type { Catalog } from '../catalog/model.js';

/** What a replacement may alter, by id. */
export interface Expected {
  /** Given another definition, or made, or dropped. */
  readonly touched: ReadonlySet<string>;
  /** Dropped and made again as they were. */
  readonly rebuilt: ReadonlySet<string>;
}

/**
 * Differences that a replacement must not make: of objects that were rebuilt only the wording of
 * expressions and the types of columns may follow; all else must be as before.
 */
export function unexpectedDifferences(
  before: Catalog,
  after: Catalog,
  { touched, rebuilt }: Expected,
): readonly Difference[] {
  const hanging = new Map(
    [...before.objects, ...after.objects].map((object) => [object.id, object.requires]),
  );
  const hangsOnTouched = (id: string): boolean =>
    hanging.get(id)?.some((needed) => touched.has(needed)) === true;
  return compareCatalogs(before, after).filter((difference) => {
    const { id, kind, change, attributes } = difference;
    if (touched.has(id)) return false;
    // A file may bring an index along, and what is dropped takes along what is a part of it.
    if (change !== 'changed') return !(hangsOnTouched(id) && !rebuilt.has(id));
    const mayFollow = new Set([...(kindOf({ kind }).deparsed ?? []), 'columns']);
    return !(rebuilt.has(id) && attributes.every(({ name }) => mayFollow.has(name)));
  });
}
