import type { z } from 'zod';
import { sha256 } from '../history/hash.js';

/** JSON that tells its own hash, under the key `sha256`. */
export interface Sealed {
  readonly sha256: string;
}

/** The hash of what stands beside the key `sha256`. */
export function seal<T extends object>(contents: T): T & Sealed {
  return { ...contents, sha256: sha256(canonicalJson(contents)) };
}

/** The one text that a sealed object has. */
export function renderSealed(sealed: Sealed): string {
  return `${canonicalJson(sealed, 2)}\n`;
}

/** What is wrong with the seal of an object that was read from `text`, or null: not a byte can be altered. */
function sealFlaw(sealed: Sealed, text: string): string | null {
  const { sha256: claimed, ...rest } = sealed;
  return seal(rest).sha256 === claimed && renderSealed(sealed) === text
    ? null
    : 'was altered: its hash does not fit';
}

/**
 * The sealed object of a text, or what is wrong with it. Only the text that {@link renderSealed} gives is
 * good: not a byte can be altered.
 */
export function parseSealed<T extends Sealed>(
  schema: z.ZodType<T>,
  text: string,
): { readonly sealed: T } | { readonly flaw: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { flaw: `is no JSON: ${(error as Error).message}` };
  }
  const { success, data, error } = schema.safeParse(json);
  if (!success) {
    const [issue] = error.issues;
    return { flaw: `is invalid at ${issue?.path.join('.') || 'its top'}: ${issue?.message}` };
  }
  const flaw = sealFlaw(data, text);
  return flaw === null ? { sealed: data } : { flaw };
}

/** JSON with the keys of every object sorted by code unit, so that equal data has one text. */
export function canonicalJson(value: unknown, indent?: number): string {
  const sorted = (_: string, inner: unknown) =>
    inner === null || typeof inner !== 'object' || Array.isArray(inner)
      ? inner
      : Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify(value, sorted, indent);
}
