import type { CatalogObject } from '../catalog/model.js';
import { patternOf } from '../catalog/patterns.js';
import type { Excused, Finding, ObjectDifference } from './result.js';

/** What of a database is to be looked at. */
export interface Scope {
  /** Schemas by name, `*` stands for any text; all where there is none. Objects outside of schemas don't count then. */
  readonly schemas: readonly string[];
  /** Ids of objects that don't count, `*` stands for any text: `table public.tmp_*`. */
  readonly ignore: readonly string[];
}

/** A difference that a project knows of and wants to keep. */
export interface ExpectedDifference {
  /** Id of the object or name of the migration, `*` stands for any text. */
  readonly object: string;
  /** What is found of it; anything where it isn't said. */
  readonly check?: string | undefined;
  readonly reason: string;
}

/** Whether an object lies in the scope. */
export function inScope({
  schemas,
  ignore,
}: Scope): (object: Pick<CatalogObject, 'id' | 'kind' | 'schema' | 'name'>) => boolean {
  const wanted = schemas.map(patternOf);
  const ignored = ignore.map(patternOf);
  return ({ id, kind, schema, name }) => {
    const place = kind === 'schema' ? name : schema;
    const isWanted = wanted.length === 0 || (place !== null && wanted.some((pattern) => pattern.test(place)));
    return isWanted && !ignored.some((pattern) => pattern.test(id));
  };
}

/** What the settings expect, taken out; an expectation that nothing meets any more is told. */
export function excuse(
  differences: readonly ObjectDifference[],
  findings: readonly Finding[],
  expected: readonly ExpectedDifference[],
): {
  readonly differences: readonly ObjectDifference[];
  readonly findings: readonly Finding[];
  readonly excused: readonly Excused[];
} {
  const used = new Set<ExpectedDifference>();
  const excused: Excused[] = [];
  const counts = (object: string, check: Finding['check']): boolean => {
    const match = expected.find(
      (each) => patternOf(each.object).test(object) && (each.check ?? check) === check,
    );
    if (match === undefined) return true;
    used.add(match);
    excused.push({ object, check, reason: match.reason });
    return false;
  };
  const left = {
    differences: differences.filter(({ id, change }) => counts(id, change)),
    findings: findings.filter(({ object, check }) => counts(object, check)),
  };
  const idle = expected
    .filter((each) => !used.has(each))
    .map(
      ({ object, check = 'any difference' }): Finding => ({
        check: 'not expected any more',
        object,
        severity: 'note',
        message: `the settings expect ${check} of it, and there is none: take the entry out`,
      }),
    );
  return { ...left, findings: [...left.findings, ...idle], excused };
}
