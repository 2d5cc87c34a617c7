/** Plain data that can be compared and hashed: what an attribute of an object may hold. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };

/** The attributes of an object by name; an absent attribute stands at its default. */
export type Attributes = { readonly [name: string]: Value };

/**
 * One object of a database as the reader found it. Everything that is compared, fingerprinted and
 * emitted stands in `attributes`; identities are names, never oids.
 */
export interface CatalogObject {
  readonly kind: string;
  /** `<kind> <identity>`, quoted as in SQL: `index public.genes_symbol_idx`. Unique in a catalog. */
  readonly id: string;
  /** What a statement calls it: `public.genes_symbol_idx`, `public.f(integer)`. */
  readonly identity: string;
  /** The schema it lies in, unquoted; null for objects outside of schemas. */
  readonly schema: string | null;
  /** Its bare name, unquoted. */
  readonly name: string;
  readonly attributes: Attributes;
  /** Ids of the objects that must exist before this one. */
  readonly requires: readonly string[];
}

/** A database without its rows. */
export interface Catalog {
  /** `server_version_num` div 10000: 15, 18. */
  readonly major: number;
  /** Sorted by id, by code point. */
  readonly objects: readonly CatalogObject[];
}
