import type { Column } from './columns.js';
import type { Found, Kind } from './kind.js';

/** An object as its kind found it. */
export interface Named {
  readonly id: string;
  readonly kind: Kind;
  readonly found: Found;
}

/**
 * By the name of each sequence, qualified as in SQL, the id of what makes it: itself, or the table whose
 * identity column has it. No sequence can be made where a type of its name is (heap_create_with_catalog
 * in src/backend/catalog/heap.c asks so of every relation), though a type can where such a sequence is.
 */
export function sequenceMakers(entries: readonly Named[]): ReadonlyMap<string, string> {
  const makers = new Map<string, string>();
  for (const { id, kind, found } of entries) {
    if (kind.name === 'sequence') makers.set(found.identity, id);
    if (kind.catalog !== 'pg_class') continue;
    for (const { identity } of (found.attributes.columns ?? []) as unknown as readonly Column[]) {
      if (identity?.sequence !== undefined) makers.set(identity.sequence, id);
    }
  }
  return makers;
}

/** What must come before a type because it makes a sequence of the same name, or of its multirange's. */
export function namesakes({ kind, found }: Named, makers: ReadonlyMap<string, string>): readonly string[] {
  if (kind.catalog !== 'pg_type' || makers.size === 0) return [];
  return [found.identity, found.attributes.multirange]
    .map((name) => (typeof name === 'string' ? makers.get(name) : undefined))
    .filter((id) => id !== undefined);
}
