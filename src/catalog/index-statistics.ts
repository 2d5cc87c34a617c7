import type { Value } from './model.js';

/** The statistics target of an expression in an index; columns are counted from 1, since expressions have no name. */
export interface StatisticsTarget {
  readonly column: number;
  readonly target: number;
}

/** SQL for the oids of the indexes that have any, with the json array of their StatisticsTargets. */
export const indexStatistics = `
  SELECT a.attrelid AS oid, json_agg(json_build_object('column', a.attnum, 'target', a.attstattarget) ORDER BY a.attnum) AS targets
  FROM pg_attribute a WHERE a.attnum > 0 AND a.attstattarget >= 0 GROUP BY a.attrelid`;

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
