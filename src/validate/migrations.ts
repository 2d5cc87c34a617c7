import type { EditedFile } from '../history/hashes.js';
import type { DatabaseState, Flaw } from '../history/state.js';
import type { Finding } from './result.js';

/** What is known of a database's ledger and its files. */
export interface MigrationFacts {
  readonly state: DatabaseState;
  /** Names of the files in order. */
  readonly files: readonly string[];
  /** Names in the ledger, by id. */
  readonly executed: readonly string[];
  /** Names of files that it has yet to run, those left out that a baseline makes needless. */
  readonly pending: readonly string[];
  readonly flaws: readonly Flaw[];
  /** Files that aren't as they were when they ran here. */
  readonly edited: readonly EditedFile[];
  /** Whether migrations may be pending. */
  readonly allowPending: boolean;
}

/** What isn't right between a ledger and its files. Pure. */
export function migrationFindings(facts: MigrationFacts): readonly Finding[] {
  const { state, flaws, edited } = facts;
  return [
    ...ofState(state),
    ...flaws.map(({ name, reason }) => error('edited', name, reason)),
    ...edited
      .filter(({ name }) => !flaws.some((flaw) => flaw.name === name))
      .map(({ name, recorded, now }) =>
        error(
          'edited',
          name,
          `was edited after it ran here: sha256 ${recorded.slice(0, 12)}… then, ${now.slice(0, 12)}… now`,
        ),
      ),
    ...pendingFindings(facts),
    ...swapped(facts),
  ];
}

function ofState(state: DatabaseState): readonly Finding[] {
  switch (state.kind) {
    case 'ghosts':
      return state.ghosts.map((name) =>
        error('ghost', name, 'the ledger names it, and there is no such file'),
      );
    case 'foreign':
      return [
        error(
          'no ledger',
          'ledger',
          'the database has objects, and no ledger says which migrations made them: it is compared with all of them',
        ),
      ];
    case 'interrupted':
      return [error('interrupted', state.name, 'it has no transaction, broke off, and nobody knows where')];
    default:
      return [];
  }
}

function pendingFindings({ files, executed, pending, allowPending }: MigrationFacts): readonly Finding[] {
  const ran = new Set(executed);
  const last = files.findLastIndex((name) => ran.has(name));
  return pending.map((name): Finding => {
    const place = files.indexOf(name);
    const isLate = place >= 0 && place < last;
    const finding = isLate
      ? error('out of order', name, `has not run, and ${files[last]}, which comes after it, has`)
      : error('pending', name, 'has not run');
    return allowPending && !isLate ? { ...finding, severity: 'note' } : finding;
  });
}

/** What ran in another order than the files have: whether it matters the comparison of the catalog tells. */
function swapped({ files, executed }: MigrationFacts): readonly Finding[] {
  const place = new Map(files.map((name, at) => [name, at]));
  const known = executed.filter((name) => place.has(name));
  return known.flatMap((name, at): readonly Finding[] => {
    const before = known.slice(0, at).find((other) => (place.get(other) ?? 0) > (place.get(name) ?? 0));
    if (before === undefined) return [];
    const message = `ran after ${before}, which comes after it in the files`;
    return [{ check: 'out of order', object: name, severity: 'note', message }];
  });
}

function error(check: Finding['check'], object: string, message: string): Finding {
  return { check, object, severity: 'error', message };
}
