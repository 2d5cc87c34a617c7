import { byCodePoint, type Catalog, type CatalogObject } from '../catalog/model.js';
import { stepOf } from '../catalog/step.js';
import { SquashError } from '../errors.js';
import { plan } from '../plan/plan.js';

/** Kinds that can be dropped and made again without touching a row or a table's structure. */
const rebuildable: ReadonlySet<string> = new Set([
  'view',
  'materialized view',
  'function',
  'procedure',
  'trigger',
  'policy',
  'rule',
  'statistics',
  'default',
]);

/**
 * Objects and all that depends on them, in the order in which they can be made.
 *
 * @throws SquashError OBJECT_IN_USE naming what can't be made again (a column, a constraint, an index of
 *   a table), or a circle of objects.
 */
export function withDependants(catalog: Catalog, ids: readonly string[]): readonly CatalogObject[] {
  const byId = new Map(catalog.objects.map((object) => [object.id, object]));
  const dependants = reverse(catalog);
  const found = new Set(ids.filter((id) => byId.has(id)));
  // A set's iteration goes on over what is added meanwhile.
  for (const id of found) for (const dependant of dependants.get(id) ?? []) found.add(dependant);
  const objects = [...found].sort(byCodePoint).map((id) => byId.get(id) as CatalogObject);
  const given = new Set(ids);
  const rooted = objects.filter((object) => !given.has(object.id) && !canBeMadeAgain(object, byId, found));
  if (rooted.length > 0) throw inUse(ids, rooted);
  const planned = plan(objects.map(stepOf));
  const circle = planned.filter(({ cyclic }) => cyclic).map(({ id }) => id);
  if (circle.length > 0) throw circular([...new Set(circle)]);
  return planned.map(({ id }) => byId.get(id) as CatalogObject);
}

function reverse({ objects }: Catalog): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { id, requires } of objects) {
    for (const needed of requires) {
      const list = found.get(needed);
      if (list === undefined) found.set(needed, [id]);
      else list.push(id);
    }
  }
  return found;
}

/** An index of a materialized view goes and comes with it; one of a table stays, since it takes long. */
function canBeMadeAgain(
  { kind, requires }: CatalogObject,
  byId: ReadonlyMap<string, CatalogObject>,
  among: ReadonlySet<string>,
): boolean {
  if (kind !== 'index') return rebuildable.has(kind);
  return requires.some((id) => among.has(id) && byId.get(id)?.kind === 'materialized view');
}

/** What is a part of the view that it lies on. */
const parts: ReadonlySet<string> = new Set(['index', 'trigger', 'rule', 'statistics']);

/**
 * Objects that are to be dropped, and their parts.
 *
 * @param redefined ids of objects that get another definition at the same time, and may do without them.
 * @throws SquashError OBJECT_IN_USE when others depend on them.
 */
export function goneWith(
  catalog: Catalog,
  drops: readonly string[],
  redefined: readonly string[],
): ReadonlySet<string> {
  if (drops.length === 0) return new Set();
  const byId = new Map(catalog.objects.map((object) => [object.id, object]));
  const isGone = (id: string): boolean => drops.includes(id);
  const isPart = ({ kind, requires }: CatalogObject): boolean =>
    parts.has(kind) && requires.some((id) => isGone(id) && /view$/.test(byId.get(id)?.kind ?? ''));
  const all = withDependants(catalog, drops);
  const users = all.filter(
    (object) => !isGone(object.id) && !isPart(object) && !redefined.includes(object.id),
  );
  if (users.length > 0) {
    throw new SquashError(
      'OBJECT_IN_USE',
      `${drops.join(', ')} can't be dropped, since others depend on it: ${users.map(({ id }) => id).join(', ')}`,
      { hint: 'Nothing was changed. Remove or change the files of these too, or put the file back.' },
    );
  }
  return new Set(all.filter(({ id }) => !redefined.includes(id)).map(({ id }) => id));
}

function inUse(ids: readonly string[], rooted: readonly CatalogObject[]): SquashError {
  const names = rooted.map(({ id }) => id).join(', ');
  return new SquashError(
    'OBJECT_IN_USE',
    `${ids.join(', ')} can't be replaced, since tables are built on it: ${names}`,
    {
      hint: 'Nothing was changed. Let a migration drop these and make them again around the change, or give the new definition another name.',
    },
  );
}

function circular(ids: readonly string[]): SquashError {
  return new SquashError(
    'OBJECT_IN_USE',
    `these objects depend on each other in a circle: ${ids.join(', ')}`,
    {
      hint: 'Nothing was changed. Replace them in a migration.',
    },
  );
}
