import { aspectStatements, privilegeStatements } from './aspects/statements.js';
import type { Folded } from './kind.js';
import { kindOf } from './kinds/index.js';
import type { Catalog, CatalogObject } from './model.js';

/**
 * The statements that make one object, each ended by `;`: its own, then owner, comments and grants.
 * What an object of the same catalog has in its host's statement stands there too.
 */
export function definitionOf(object: CatalogObject, children: readonly CatalogObject[] = []): string {
  const kind = kindOf(object);
  const folded = children.flatMap((child): readonly Folded[] => {
    const text = kindOf(child).fold?.(child);
    return text === undefined || text === null ? [] : [{ object: child, ...text }];
  });
  return [
    ...kind.create(object, folded),
    ...(kind.late?.(object) ?? []).filter(({ phase }) => phase !== 'contents').map(({ sql }) => sql),
    ...aspectStatements(object, kind),
    ...privilegeStatements(object, kind),
  ]
    .map((statement) => `${statement};\n`)
    .join('');
}

/** Definitions of all objects of a catalog by id. */
export function definitionsOf({ objects }: Catalog): ReadonlyMap<string, string> {
  const children = new Map<string, CatalogObject[]>();
  for (const object of objects) {
    if (object.host !== null) children.set(object.host, [...(children.get(object.host) ?? []), object]);
  }
  return new Map(objects.map((object) => [object.id, definitionOf(object, children.get(object.id))]));
}
