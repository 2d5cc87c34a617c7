import { compareCatalogs } from '../catalog/compare.js';
import { byCodePoint } from '../catalog/model.js';
import type { AddressedCatalog } from '../catalog/read.js';
import type { Maker } from './watch.js';

/** What became of an object between two moments. */
export type Event = 'created' | 'altered' | 'recreated' | 'renamed' | 'dropped';

export interface Change {
  /** Id of the object; of one that was dropped, as it was. */
  readonly id: string;
  readonly kind: string;
  readonly event: Event;
  /** The id that it had before, where it was renamed. */
  readonly from?: string;
  /** The attributes that differ, where it was altered. */
  readonly attributes?: readonly string[];
}

/** A change in the course of a migration, and who wrote the statements. */
export interface MadeChange extends Change {
  readonly by: readonly Maker[];
}

/** A part of a migration in which one maker sent what could change an object, and what changed. */
export interface Segment {
  readonly by: Maker | null;
  readonly changes: readonly Change[];
}

/** The address of no object: InvalidOid in no catalog. */
const nowhere = 0;

/**
 * The objects that differ between two moments. One that bears its name at another address was dropped
 * and made anew; one that lies where it was under another name was renamed. Pure.
 */
export function changesBetween(before: AddressedCatalog, after: AddressedCatalog): readonly Change[] {
  const idsBefore = new Map([...before.addresses].map(([id, address]) => [address, id]));
  const idsAfter = new Map([...after.addresses].map(([id, address]) => [address, id]));
  const changed = compareCatalogs(before.catalog, after.catalog).flatMap(
    ({ id, kind, change, attributes }): readonly Change[] => {
      if (change === 'extra') {
        const from = idsBefore.get(after.addresses.get(id) ?? nowhere);
        return [from === undefined ? { id, kind, event: 'created' } : { id, kind, event: 'renamed', from }];
      }
      if (change === 'missing') {
        return idsAfter.has(before.addresses.get(id) ?? nowhere) ? [] : [{ id, kind, event: 'dropped' }];
      }
      if (before.addresses.get(id) !== after.addresses.get(id)) return [];
      return [{ id, kind, event: 'altered', attributes: attributes.map(({ name }) => name) }];
    },
  );
  const recreated = after.catalog.objects
    .filter(({ id }) => before.addresses.has(id) && before.addresses.get(id) !== after.addresses.get(id))
    .map(({ id, kind }): Change => ({ id, kind, event: 'recreated' }));
  return [...changed, ...recreated].sort((a, b) => byCodePoint(a.id, b.id));
}

/**
 * What a whole migration changed, by the makers of its parts: of an object that it made, who made it
 * last; of any other, everybody who touched it. Pure.
 */
export function withMakers(whole: readonly Change[], segments: readonly Segment[]): readonly MadeChange[] {
  const touched = new Map<string, { readonly by: Maker; readonly event: Event }[]>();
  for (const { by, changes } of segments) {
    for (const { id, event } of changes) {
      if (by !== null) touched.set(id, [...(touched.get(id) ?? []), { by, event }]);
    }
  }
  return whole.map((change) => {
    const all = touched.get(change.id) ?? [];
    const makers = all.filter(({ event }) => event === 'created' || event === 'recreated');
    const last = makers.at(-1);
    const isMade = change.event === 'created' || change.event === 'recreated';
    const by = isMade && last !== undefined ? [last.by] : [...new Set(all.map((each) => each.by))];
    return { ...change, by };
  });
}
