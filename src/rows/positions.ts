import type { Catalog } from '../catalog/model.js';
import type { SequencePosition } from './read.js';
import type { Selection } from './select.js';
import { sequencesByTable } from './tables.js';

/** Positions but those of sequences that belong to a table whose rows are left out: they begin anew. */
export function carriedPositions(
  sequences: readonly SequencePosition[],
  catalog: Catalog,
  { leftOut }: Pick<Selection, 'leftOut'>,
): readonly SequencePosition[] {
  const without = new Set(leftOut.map(({ table }) => table));
  const owners = sequencesByTable(catalog);
  return sequences.filter(({ sequence }) => !without.has(`table ${owners.get(sequence)}`));
}
