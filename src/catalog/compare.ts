import { canonicalJson } from './fingerprint.js';
import type { Catalog, CatalogObject, Value } from './model.js';

/** One object that differs between two catalogs. */
export interface Difference {
  readonly id: string;
  readonly kind: string;
  readonly change: 'missing' | 'extra' | 'changed';
  /** The attributes that differ, for a changed object. */
  readonly attributes: readonly { readonly name: string; readonly expected: Value; readonly found: Value }[];
}

/**
 * What `found` lacks of `expected`, has beyond it, or has otherwise; by id. Equal catalogs give an
 * empty list.
 */
export function compareCatalogs(expected: Catalog, found: Catalog): readonly Difference[] {
  const before = new Map(expected.objects.map((object) => [object.id, object]));
  const after = new Map(found.objects.map((object) => [object.id, object]));
  const ids = [...new Set([...before.keys(), ...after.keys()])].sort();
  return ids.flatMap((id) => {
    const was = before.get(id);
    const is = after.get(id);
    if (was === undefined) return is === undefined ? [] : [difference(is, 'extra')];
    if (is === undefined) return [difference(was, 'missing')];
    const attributes = changedAttributes(was, is);
    return attributes.length === 0 ? [] : [{ ...difference(was, 'changed'), attributes }];
  });
}

function difference({ id, kind }: CatalogObject, change: Difference['change']): Difference {
  return { id, kind, change, attributes: [] };
}

function changedAttributes(was: CatalogObject, is: CatalogObject): Difference['attributes'] {
  if (was.attributes === is.attributes) return [];
  const names = [...new Set([...Object.keys(was.attributes), ...Object.keys(is.attributes)])].sort();
  return names.flatMap((name) => {
    const expected = was.attributes[name] ?? null;
    const found = is.attributes[name] ?? null;
    return expected === found || canonicalJson(expected) === canonicalJson(found)
      ? []
      : [{ name, expected, found }];
  });
}
