import { structuredPatch } from 'diff';
import { aspectStatements, privilegeStatements } from '../catalog/aspects/statements.js';
import type { Difference } from '../catalog/compare.js';
import { canonicalJson } from '../catalog/fingerprint.js';
import { kindOf } from '../catalog/kinds/index.js';
import type { Catalog, CatalogObject } from '../catalog/model.js';
import type { ObjectDifference } from './result.js';

/** All statements that make one object, what is said of it and what is granted on it included. */
export function definitionOf(object: CatalogObject): string {
  const kind = kindOf(object);
  const statements = [
    ...kind.create(object, []),
    ...aspectStatements(object, kind),
    ...(kind.late?.(object) ?? []).map(({ sql }) => sql),
    ...privilegeStatements(object, kind),
  ];
  return statements.map((statement) => `${statement.trim()};\n`).join('');
}

/** Differences with both sides of each as SQL, and what leads from one to the other. */
export function describeDifferences(
  differences: readonly Difference[],
  expected: Catalog,
  found: Catalog,
): readonly ObjectDifference[] {
  const before = new Map(expected.objects.map((object) => [object.id, object]));
  const after = new Map(found.objects.map((object) => [object.id, object]));
  return differences.map((difference) => {
    const was = before.get(difference.id);
    const is = after.get(difference.id);
    const sides = {
      expected: was === undefined ? null : definitionOf(was),
      found: is === undefined ? null : definitionOf(is),
    };
    return { ...difference, ...sides, diff: diffOf(difference, sides) };
  });
}

function diffOf(
  { attributes }: Difference,
  { expected, found }: Pick<ObjectDifference, 'expected' | 'found'>,
): string {
  if (expected !== found) return unified(expected ?? '', found ?? '');
  // What no statement of its own says (a view's place among its columns) is told by name.
  const side = (which: 'expected' | 'found'): string =>
    attributes.map((each) => `${each.name}: ${canonicalJson(each[which])}\n`).join('');
  return unified(side('expected'), side('found'));
}

function unified(before: string, after: string): string {
  const { hunks } = structuredPatch('', '', before, after, undefined, undefined, { context: 3 });
  return hunks
    .flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
      `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
      ...lines,
    ])
    .join('\n');
}
