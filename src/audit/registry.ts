import type { Catalog } from '../catalog/model.js';
import type { Event, MadeChange } from './changes.js';
import type { Maker } from './watch.js';

/** What one migration did to an object. */
export interface ObjectEvent {
  readonly migration: string;
  readonly event: Event;
  readonly by: readonly Maker[];
}

/** An object that no call of Knex's schema builder made: neither models nor builders can give it again. */
export interface RegistryEntry {
  readonly id: string;
  readonly kind: string;
  /** The migration whose object is there now: it created it, or dropped and made it anew. */
  readonly migration: string;
  readonly by: Maker | 'unseen';
  /** The object that it came with (a table's primary key), where that is in the registry by the same migration. */
  readonly partOf: string | null;
  /** In order, from its first creation on; renames are followed. */
  readonly events: readonly ObjectEvent[];
}

interface Step {
  readonly name: string;
  readonly changes: readonly MadeChange[];
}

/** The life of every object that is there in the end, by id. Pure. */
export function livesOf(steps: readonly Step[]): ReadonlyMap<string, readonly ObjectEvent[]> {
  const lives = new Map<string, readonly ObjectEvent[]>();
  for (const { name, changes } of steps) {
    // A name can pass from one object to another in one migration.
    const before = new Map(lives);
    for (const { event, id } of changes) if (event === 'dropped') lives.delete(id);
    for (const { from } of changes) if (from !== undefined) lives.delete(from);
    for (const { id, event, by, from } of changes) {
      if (event === 'dropped') continue;
      const past = event === 'created' ? [] : (before.get(from ?? id) ?? []);
      lives.set(id, [...past, { migration: name, event, by }]);
    }
  }
  return lives;
}

/** The objects that no schema builder made, in the order of the catalog. Pure. */
export function registryOf(catalog: Catalog, steps: readonly Step[]): readonly RegistryEntry[] {
  const lives = livesOf(steps);
  const made = new Map(
    catalog.objects.map(({ id }) => {
      const last = (lives.get(id) ?? []).findLast(
        ({ event }) => event === 'created' || event === 'recreated',
      );
      return [id, last] as const;
    }),
  );
  const isOurs = (id: string): boolean => {
    const last = made.get(id);
    return last !== undefined && last.by[0] !== 'schema builder';
  };
  return catalog.objects
    .filter(({ id }) => isOurs(id))
    .map(({ id, kind, host, requires }) => {
      const { migration = '', by = [] } = made.get(id) ?? {};
      const whole = [host, ...requires].find(
        (other) =>
          other !== null && isPart(kind) && isOurs(other) && made.get(other)?.migration === migration,
      );
      return {
        id,
        kind,
        migration,
        by: by[0] ?? 'unseen',
        partOf: whole ?? null,
        events: lives.get(id) ?? [],
      };
    });
}

/** Kinds that usually come with a table's own statement. */
function isPart(kind: string): boolean {
  return ['constraint', 'default', 'index', 'sequence'].includes(kind);
}
