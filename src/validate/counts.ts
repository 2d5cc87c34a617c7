import { kinds } from '../catalog/kinds/index.js';
import type { Catalog } from '../catalog/model.js';
import type { KindCount } from './result.js';

/** Numbers of objects by kind, in the order of the registry; kinds that nobody has are left out. Pure. */
export function countKinds(
  squashed: readonly { readonly kind: string }[] | null,
  expected: Catalog,
  found: Catalog,
): readonly KindCount[] {
  const [before, wanted, live] = [squashed ?? [], expected.objects, found.objects].map(tally);
  const names = [...new Set(kinds.map(({ name }) => name))];
  return names
    .map((kind) => ({
      kind,
      squashed: squashed === null ? null : (before?.get(kind) ?? 0),
      expected: wanted?.get(kind) ?? 0,
      found: live?.get(kind) ?? 0,
    }))
    .filter((count) => (count.squashed ?? 0) + count.expected + count.found > 0);
}

function tally(objects: readonly { readonly kind: string }[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { kind } of objects) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
