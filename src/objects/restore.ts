import { type Grant, grantStatements, takenBack } from '../catalog/aspects/grants.js';
import { aspectStatements, privilegeStatements } from '../catalog/aspects/statements.js';
import type { Column } from '../catalog/columns.js';
import { canonicalJson } from '../catalog/fingerprint.js';
import { kindOf } from '../catalog/kinds/index.js';
import type { Attributes, CatalogObject, Value } from '../catalog/model.js';

/** What gives a new object the owner, comments, labels and grants of the one that it takes the place of. */
export interface Restoration {
  readonly aspects: readonly string[];
  readonly privileges: readonly string[];
}

/**
 * @param old the object as it was.
 * @param fresh the one that has just been made, with whatever its own text and the default privileges
 *   gave it; what they say in a comment stays.
 * @param keepsGrants whether its own text says who may do what.
 */
export function restoration(old: CatalogObject, fresh: CatalogObject, keepsGrants: boolean): Restoration {
  const columns = new Set(columnsOf(fresh));
  const attributes = Object.fromEntries(
    Object.entries(old.attributes).flatMap(([name, value]): readonly (readonly [string, Value])[] => {
      if (name.endsWith('OfColumns')) {
        const there = Object.entries(value as Attributes).filter(([column]) => columns.has(column));
        return there.length === 0 ? [] : [[name, Object.fromEntries(there)]];
      }
      return name === 'comment' && fresh.attributes.comment !== undefined ? [] : [[name, value]];
    }),
  );
  const merged = { ...old, attributes };
  const kind = kindOf(old);
  const target = kind.grantTarget?.(old) ?? `${kind.noun.grant} ${old.identity}`;
  const born = (fresh.attributes.grants ?? []) as unknown as readonly Grant[];
  const isSame = sameGrants(merged, fresh);
  return {
    aspects: aspectStatements(merged, kind),
    privileges:
      keepsGrants || isSame
        ? []
        : [
            ...(kind.noun.grant === undefined ? [] : grantStatements(takenBack(born), target)),
            ...privilegeStatements(merged, kind),
          ],
  };
}

function sameGrants(a: CatalogObject, b: CatalogObject): boolean {
  return ['grants', 'grantsOfColumns'].every(
    (name) => canonicalJson(a.attributes[name] ?? null) === canonicalJson(b.attributes[name] ?? null),
  );
}

function columnsOf({ attributes }: CatalogObject): readonly string[] {
  return ((attributes.columns ?? []) as unknown as readonly Column[]).map(({ name }) => name);
}
