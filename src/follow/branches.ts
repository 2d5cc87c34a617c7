import { basename } from 'node:path';
import type { Workshop } from '../adopt/promised.js';
import { tryOnShadow } from '../adopt/promised.js';
import { SquashError } from '../errors.js';
import type { LedgerRow, Migration } from '../history/migration.js';
import type { Project } from './project.js';

/** A pending migration from a branch that was made before the squash, and whether it can come after it. */
export interface BranchVerdict {
  readonly name: string;
  readonly verdict: 'accepted' | 'refused';
  /** Why it is refused. */
  readonly reason: string | null;
}

/** Pending migrations whose names lie before the end of what the baseline replaces. */
export function inFlight(
  { history, baseline }: Project,
  ledger: readonly Pick<LedgerRow, 'name'>[],
): readonly Migration[] {
  const last = baseline?.replaces.at(-1)?.name;
  if (baseline === null || last === undefined) return [];
  const executed = new Set(ledger.map(({ name }) => name));
  return history.filter(
    ({ name }) => name !== baseline.name && !executed.has(name) && basename(name) < basename(last),
  );
}

/**
 * Tries migrations in flight on shadows, after the baseline: in the order of the files, as a new
 * database will run them, and in the order in which this database will.
 */
export async function judgeBranches(
  workshop: Workshop,
  project: Project,
  ledger: readonly Pick<LedgerRow, 'name'>[],
  major: number,
): Promise<readonly BranchVerdict[]> {
  const branches = inFlight(project, ledger);
  if (branches.length === 0 || project.baseline === null) return [];
  const place = project.history.findIndex(({ name }) => name === project.baseline?.name);
  const before = new Set(project.history.slice(0, place).map(({ name }) => name));
  const reason = branches.some(({ name }) => before.has(name))
    ? null
    : await whyNot(workshop, project, ledger, major);
  return branches.map(({ name }): BranchVerdict => {
    if (before.has(name)) {
      return {
        name,
        verdict: 'refused',
        reason: `it sorts before ${project.baseline?.name}, so a new database would run it first: give it a later timestamp`,
      };
    }
    return { name, verdict: reason === null ? 'accepted' : 'refused', reason };
  });
}

async function whyNot(
  workshop: Workshop,
  { history, baseline }: Project,
  ledger: readonly Pick<LedgerRow, 'name'>[],
  major: number,
): Promise<string | null> {
  const files = new Map(history.map((migration) => [migration.name, migration]));
  const later = ledger.flatMap(({ name }) => (name === baseline?.name ? [] : (files.get(name) ?? [])));
  const executed = new Set(later);
  const first = history.filter(({ name }) => name === baseline?.name);
  const here = [
    ...first,
    ...later,
    ...history.filter((each) => each.name !== baseline?.name && !executed.has(each)),
  ];
  for (const order of [[...history], here]) {
    const error = await tryOnShadow(workshop, order, major);
    if (error !== null) return `after the baseline, ${error.message}`;
  }
  return null;
}

/** @throws SquashError MIGRATION_OUT_OF_ORDER naming those that can't come after the baseline. */
export function refuseBranches(verdicts: readonly BranchVerdict[]): void {
  const refused = verdicts.filter(({ verdict }) => verdict === 'refused');
  if (refused.length === 0) return;
  const lines = refused.map(({ name, reason }) => `\n  ${name}: ${reason}`).join('');
  throw new SquashError(
    'MIGRATION_OUT_OF_ORDER',
    `migrations from a branch that was made before the squash can't come after it:${lines}`,
    {
      hint: 'Nothing was written. Change them so that they fit what is there now, and give them a new timestamp.',
    },
  );
}
