import type { Catalog, CatalogObject } from '../catalog/model.js';
import { topological } from '../plan/graph.js';
import type { ObjectEvent } from './registry.js';

/** A view, in the order in which views have to be made. */
export interface ViewEntry {
  readonly id: string;
  /** 1 for a view over tables alone, else one more than the highest of the views that it reads. */
  readonly level: number;
  /** Ids of the views, tables and functions that it reads itself. */
  readonly reads: readonly string[];
  /** Ids of all views that have to go before it can be dropped. */
  readonly dependants: readonly string[];
  readonly createdBy: string;
  /** Migrations that dropped it and made it anew, in order. */
  readonly recreatedBy: readonly string[];
}

const isView = ({ kind }: CatalogObject): boolean => kind === 'view' || kind === 'materialized view';

/** Views and materialized views by dependency, then by name. Views around a circle come last. Pure. */
export function viewsOf(
  { objects }: Catalog,
  lives: ReadonlyMap<string, readonly ObjectEvent[]>,
): readonly ViewEntry[] {
  const byId = new Map(objects.map((object) => [object.id, object]));
  const views = objects.filter(isView);
  const graph = new Map(
    views.map((view) => [view.id, [...viewsBehind(view, byId)].filter((id) => id !== view.id)]),
  );
  const ordered = [...new Set([...topological(graph), ...graph.keys()])];
  const levels = new Map<string, number>();
  for (const id of ordered) {
    levels.set(id, 1 + Math.max(0, ...(graph.get(id) ?? []).map((other) => levels.get(other) ?? 0)));
  }
  return ordered.map((id) => {
    const life = lives.get(id) ?? [];
    const counted = ['table', 'foreign table', 'view', 'materialized view', 'function'];
    return {
      id,
      level: levels.get(id) ?? 1,
      reads: (byId.get(id)?.requires ?? []).filter((other) => counted.includes(byId.get(other)?.kind ?? '')),
      dependants: ordered.filter((other) => graph.get(other)?.includes(id)),
      createdBy: life[0]?.migration ?? '',
      recreatedBy: life.filter(({ event }) => event === 'recreated').map(({ migration }) => migration),
    };
  });
}

/** The views that one depends on, through functions and other views too. */
function viewsBehind(view: CatalogObject, byId: ReadonlyMap<string, CatalogObject>): ReadonlySet<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const open = [...view.requires];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const object = byId.get(id);
    if (object === undefined || seen.has(id)) continue;
    seen.add(id);
    if (isView(object)) found.add(id);
    // A table is where the way ends: what its defaults call makes no order among views.
    if (object.kind !== 'table') open.push(...object.requires);
  }
  return found;
}
