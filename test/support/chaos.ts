import { appendFileSync } from 'node:fs';

/** Whether this is the long run: `npm run test:chaos`. */
export const isLong = process.env.KNEX_SQUASH_CHAOS === 'long';

/** How often a thing is tried: a few times in `npm test`, many times in the long run. */
export function rounds(few: number, many: number): number {
  return isLong ? Math.ceil(many * Number(process.env.KNEX_SQUASH_CHAOS_FACTOR ?? 1)) : few;
}

/** A line of the long run's report. */
export function figure(line: string): void {
  const path = process.env.KNEX_SQUASH_CHAOS_REPORT;
  if (path !== undefined) appendFileSync(path, `${line}\n`);
}

/** The value below which that part of a list lies: `quantile(list, 0.99)`. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** Minutes that a long test may take. */
export const longTimeout = isLong ? 60 * 60_000 : 120_000;
