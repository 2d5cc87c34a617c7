import { type Grant, grantStatements, takenBack } from '../catalog/aspects/grants.js';
import { aspectStatements, privilegeStatements } from '../catalog/aspects/statements.js';
import type { Column } from '../catalog/columns.js';
import { canonicalJson } from '../catalog/fingerprint.js';
import { kindOf } from '../catalog/kinds/index.js';
import type { Attributes, CatalogObject, Value } from '../catalog/model.js';

/**
 * Statements that give a new object the owner, comments and labels of the one that it takes the place of.
 *
 * @param old the object as it was.
 * @param fresh the one that has just been made; a comment that its own text gave it stays.
 */
export function aspectsAgain(old: CatalogObject, fresh: CatalogObject): readonly string[] {
  return aspectStatements(fitted(old, fresh), kindOf(old));
}

/** Statements that give it the grants of the old one, once it has the same owner. */
export function privilegesAgain(old: CatalogObject, fresh: CatalogObject): readonly string[] {
  const kind = kindOf(old);
  const merged = fitted(old, fresh);
  if (kind.noun.grant === undefined || sameGrants(merged, fresh)) return [];
  const target = kind.grantTarget?.(old) ?? `${kind.noun.grant} ${old.identity}`;
  // What it was born with beyond the old ones comes from default privileges.
  const born = (fresh.attributes.grants ?? []) as unknown as readonly Grant[];
  return [...grantStatements(takenBack(born), target), ...privilegeStatements(merged, kind)];
}

/** The old object without what belongs to columns that the new one lacks. */
function fitted(old: CatalogObject, fresh: CatalogObject): CatalogObject {
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
  return { ...old, attributes };
}

function sameGrants(a: CatalogObject, b: CatalogObject): boolean {
  return ['grants', 'grantsOfColumns'].every(
    (name) => canonicalJson(a.attributes[name] ?? null) === canonicalJson(b.attributes[name] ?? null),
  );
}

function columnsOf({ attributes }: CatalogObject): readonly string[] {
  return ((attributes.columns ?? []) as unknown as readonly Column[]).map(({ name }) => name);
}
