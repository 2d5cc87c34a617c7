import type { Value } from './model.js';

/** The statistics target of an expression in an index; columns are counted from 1, since expressions have no name. */
export interface StatisticsTarget {
  readonly column: number;
  readonly target: number;
}

/** SQL for the json array of StatisticsTarget of the index with that oid. */
export function indexStatistics(index: string): string {
  return `(SELECT json_agg(json_build_object('column', a.attnum, 'target', a.attstattarget) ORDER BY a.attnum)
    FROM pg_attribute a WHERE a.attrelid = ${index} AND a.attstattarget >= 0)`;
}

/** The same as plain data for the model. */
export function plainTargets(targets: readonly StatisticsTarget[] | null | undefined): readonly Value[] {
  return (targets ?? []).map(({ column, target }) => ({ column, target }));
}

/** @param index qualified, as in SQL */
export function statisticsStatements(index: string, targets: readonly StatisticsTarget[]): readonly string[] {
  return targets.map(
    ({ column, target }) => `ALTER INDEX ${index} ALTER COLUMN ${column} SET STATISTICS ${target}`,
  );
}
