/** Plain data that can be compared and hashed: what an attribute of an object may hold. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };

/** The attributes of an object by name; an absent attribute stands at its default. */
export type Attributes = { readonly [name: string]: Value };

/**
 * One object of a database as the reader found it. Everything that is compared, fingerprinted and
 * emitted stands in `attributes`; identities are names, never oids.
 */
export interface CatalogObject {
  /** The name of its kind: `table`, `index`. */
  readonly kind: string;
  /** `<kind> <identity>`: `index public.genes_symbol_idx`. Unique in a catalog. */
  readonly id: string;
  /** What a statement calls it, quoted as in SQL: `public.genes_symbol_idx`, `public.f(integer)`. */
  readonly identity: string;
  /** The schema it lies in, unquoted; null for objects outside of schemas. */
  readonly schema: string | null;
  /** Its bare name, unquoted. */
  readonly name: string;
  readonly attributes: Attributes;
  /** Ids of the objects that must exist before this one. */
  readonly requires: readonly string[];
  /** Where its kind can be made in two steps: the ids that its first step (a shell, a stub) needs. */
  readonly shellRequires: readonly string[];
  /** Id of the object whose own statement can contain this one (a CHECK in its CREATE TABLE). */
  readonly host: string | null;
}

/** A database without its rows. */
export interface Catalog {
  /** PostgreSQL's major version: 15, 18. */
  readonly major: number;
  /** Sorted by id, by code point. */
  readonly objects: readonly CatalogObject[];
}

/** Order by code point, the same on every machine and under every locale. */
export function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** An object without its attributes that stand at null, undefined, false, '' or an empty list. */
export function attributes(values: { readonly [name: string]: Value | undefined }): Attributes {
  const kept: Record<string, Value> = {};
  for (const name in values) {
    const value = values[name];
    if (value === undefined || value === null || value === false || value === '') continue;
    if (Array.isArray(value) && value.length === 0) continue;
    kept[name] = value;
  }
  return kept;
}
