import type { Step } from '../plan/plan.js';
import { kindOf } from './kinds/index.js';
import type { CatalogObject } from './model.js';

/** An object as far as the order is concerned in which things are made. */
export function stepOf(object: CatalogObject): Step {
  const kind = kindOf(object);
  return {
    id: object.id,
    rank: kind.rankOf?.(object) ?? kind.rank,
    requires: object.requires,
    host: object.host,
    shell:
      kind.split === undefined
        ? null
        : { requires: object.shellRequires, servesRanks: kind.shellServes ?? null },
  };
}
