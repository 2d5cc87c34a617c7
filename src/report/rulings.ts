import type { BaselineMetadata } from '../baseline/metadata.js';

const meanings: Readonly<Record<string, string>> = {
  default: "left to the column's default",
  now: 'the time at which the baseline runs',
  lookup: 'looked up by what stays the same of the row that it refers to',
  freeze: "this replay's value, the same on every database",
  regenerate: 'made anew by each database',
};

/** What a ruling means, for people. */
export function rulingWords({ ruling, expression, note }: BaselineMetadata['volatile'][number]): {
  readonly how: string;
  readonly expressions: readonly string[];
  readonly note: string | null;
} {
  return {
    how: meanings[ruling] ?? ruling,
    expressions: typeof expression === 'object' ? Object.values(expression) : [expression ?? []].flat(),
    note: note ?? null,
  };
}
