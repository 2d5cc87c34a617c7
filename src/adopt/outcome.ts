import type { Difference } from '../catalog/compare.js';
import { SquashError } from '../errors.js';
import type { AcceptedDrift } from '../history/revision.js';
import type { Flaw } from '../history/state.js';

/** What became of a database that was to follow a baseline. Only `adopted` has written anything. */
export type AdoptionOutcome =
  | {
      readonly kind: 'adopted';
      /** How many ledger rows the baseline took the place of. */
      readonly rows: number;
      /** Names of the archived originals that were run before. */
      readonly caughtUp: readonly string[];
      readonly accepted: readonly AcceptedDrift[];
      /** Milliseconds for which others were kept out of the ledger. */
      readonly lockedFor: number;
    }
  | { readonly kind: 'already adopted' }
  | { readonly kind: 'fresh' }
  | { readonly kind: 'partial'; readonly missing: readonly string[] }
  | { readonly kind: 'ghosts'; readonly ghosts: readonly string[] }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'tampered'; readonly flaws: readonly Flaw[] }
  | { readonly kind: 'interrupted'; readonly name: string }
  | { readonly kind: 'drifted'; readonly differences: readonly Difference[] }
  | { readonly kind: 'out of order'; readonly differences: readonly NamedDifference[] };

/** A difference in objects or rows, by the name of the object. */
export interface NamedDifference {
  readonly id: string;
  readonly change: string;
}

const untouched = 'Nothing was written.';

/** What is said of a database that can't follow; null for one that has, or that is empty. Pure. */
export function refusalOf(outcome: AdoptionOutcome, baseline: string): SquashError | null {
  switch (outcome.kind) {
    case 'partial':
      return new SquashError(
        'LEDGER_MISMATCH',
        `this database ran only a part of what ${baseline} replaces; missing: ${outcome.missing.join(', ')}`,
        { hint: `${untouched} Run npx knex-squash up, which runs them from the archive and then adopts.` },
      );
    case 'ghosts':
      return ghosts(outcome.ghosts, baseline);
    case 'foreign':
      return new SquashError(
        'DATABASE_FOREIGN',
        'this database has objects, but its ledger does not say which migrations made them',
        {
          hint: `${untouched} Check --url, and migrations.tableName and migrations.schemaName in the knexfile.`,
        },
      );
    case 'tampered':
      return new SquashError(
        'BASELINE_TAMPERED',
        `files are not as they were when ${baseline} was written:${list(outcome.flaws.map(({ name, reason }) => `${name} ${reason}`))}`,
        { hint: `${untouched} Take them from git again as they were committed.` },
      );
    case 'interrupted':
      return new SquashError(
        'MIGRATION_INTERRUPTED',
        `"${outcome.name}", which has no transaction, broke off, and nobody wrote how far it came`,
        {
          hint: `${untouched} Look, then: npx knex-squash resolve --applied|--rolled-back "${outcome.name}".`,
        },
      );
    case 'drifted':
      return new SquashError(
        'DATABASE_DRIFTED',
        `the ledger says which migrations this database ran, but it differs from what they build:${list(named(outcome.differences))}`,
        {
          hint: `${untouched} Put these objects right with a migration or by hand, or let each through by name: --accept-drift "${outcome.differences[0]?.id}".`,
        },
      );
    case 'out of order':
      return new SquashError(
        'LEDGER_MISMATCH',
        `this database did not run what ${baseline} replaces in the order of the files, and the order matters:${list(named(outcome.differences))}`,
        {
          hint: `${untouched} Compare these by hand, then let each through by name: --accept-drift "${outcome.differences[0]?.id}".`,
        },
      );
    default:
      return null;
  }
}

function ghosts(names: readonly string[], baseline: string): SquashError {
  const isNewer = names.some((name) => /_baseline_[0-9a-f]{12}/.test(name));
  return new SquashError(
    'LEDGER_MISMATCH',
    `the ledger names migrations that neither the files nor ${baseline} know: ${names.join(', ')}`,
    {
      hint: isNewer
        ? `${untouched} It adopted a baseline that isn't here: get the code that has it, or run npx knex-squash adopt --undo.`
        : `${untouched} Get the branch that has these files, or remove the rows if they are wrong.`,
    },
  );
}

/** How many differences a message names. */
const most = 20;

function named(differences: readonly NamedDifference[]): readonly string[] {
  return differences.map(({ id, change }) => `${id}: ${change}`);
}

function list(lines: readonly string[]): string {
  const more = lines.length > most ? [`and ${lines.length - most} more`] : [];
  return [...lines.slice(0, most), ...more].map((line) => `\n  ${line}`).join('');
}
