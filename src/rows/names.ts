import { SquashError } from '../errors.js';

/**
 * Refuses names that settings give and the database doesn't have, with those that they may have meant.
 *
 * @param place what the message calls the setting: `squash.volatile`.
 * @throws SquashError SETTINGS_INVALID
 */
export function refuseUnknown(
  place: string,
  given: readonly string[],
  isKnown: (name: string) => boolean,
  known: readonly string[],
): void {
  const unknown = given.filter((name) => !isKnown(name));
  if (unknown.length === 0) return;
  const lines = unknown.map((name) => {
    const near = nearest(name, known);
    return `"${name}" names nothing that the history builds${near.length === 0 ? '' : `; near it: ${near.join(', ')}`}`;
  });
  throw new SquashError('SETTINGS_INVALID', `${place}: ${lines.join('; ')}`, {
    hint: 'Correct the name in the knexfile, or remove the line.',
  });
}

/** Up to three names that differ in a few letters, or in what stands before the last dot. */
export function nearest(name: string, known: readonly string[]): readonly string[] {
  const last = lastPart(name);
  return known
    .map((each) => ({ each, distance: lastPart(each) === last ? 0 : distance(name, each) }))
    .filter((found) => found.distance <= Math.max(2, name.length / 4))
    .sort((a, b) => a.distance - b.distance || (a.each < b.each ? -1 : 1))
    .slice(0, 3)
    .map(({ each }) => each);
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase();
}

/** Levenshtein's, one row at a time. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (above[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      row.push(Math.min(changed, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    above = row;
  }
  return above[b.length] ?? 0;
}
