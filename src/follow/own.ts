import type { Difference } from '../catalog/compare.js';
import type { Catalog } from '../catalog/model.js';
import { withoutFiled } from '../objects/excuse.js';
import { isRuledUnstable } from '../rows/unstable.js';
import type { Project } from './project.js';

/**
 * Differences that count: neither those of objects that have files of their own, which `up` keeps true,
 * nor what the history builds anew each time, which is each database's own where the project rules so.
 */
export function withoutOwn(
  differences: readonly Difference[],
  live: Catalog,
  { settings, baseline, objectFiles }: Project,
): readonly Difference[] {
  const isOwn = (id: string): boolean =>
    baseline?.unstable.includes(id) === true || isRuledUnstable(id, settings.rows.unstable);
  return withoutFiled(differences, live, objectFiles).filter(
    ({ id, change }) => change !== 'changed' || !isOwn(id),
  );
}
