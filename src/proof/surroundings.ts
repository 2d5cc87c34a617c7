import { canonicalJson } from '../catalog/fingerprint.js';
import type { Value } from '../catalog/model.js';
import type { SurroundingsChange } from '../cluster/change.js';
import type { ProofDifference } from './difference.js';

/** What each part is called in a difference. */
const parts: readonly (readonly [keyof SurroundingsChange, string])[] = [
  ['made', 'roles that are made'],
  ['altered', 'roles that are altered'],
  ['dropped', 'roles that are dropped'],
  ['granted', 'memberships that are granted'],
  ['revoked', 'memberships that are revoked'],
  ['set', 'settings of roles and the database'],
  ['reset', 'settings that are reset'],
  ['database', 'the database itself'],
];

/** In what a baseline changes its surroundings otherwise than the history did. */
export function surroundingsDifferences(
  expected: SurroundingsChange,
  found: SurroundingsChange,
): readonly ProofDifference[] {
  return parts.flatMap(([part, name]): readonly ProofDifference[] => {
    const was = canonicalJson(expected[part] as unknown as Value);
    const is = canonicalJson(found[part] as unknown as Value);
    return was === is ? [] : [{ object: name, change: 'changed', detail: `expected ${was}, found ${is}` }];
  });
}
