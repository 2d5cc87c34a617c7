import { createHash } from 'node:crypto';
import type { Catalog, Value } from './model.js';
import { byCodePoint } from './model.js';

/** JSON with sorted keys: the same value gives the same text. */
export function canonicalJson(value: Value): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item as Value)).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value as { readonly [key: string]: Value }).sort(([a], [b]) =>
    byCodePoint(a, b),
  );
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

/** Hex sha256 over ids and attributes of all objects, in the order of their ids. */
export function fingerprint(catalog: Catalog): string {
  const hash = createHash('sha256');
  for (const object of catalog.objects)
    hash.update(`${object.id}\u0000${canonicalJson(object.attributes)}\n`);
  return hash.digest('hex');
}
