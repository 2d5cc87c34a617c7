import type { LedgerRow } from './migration.js';

/** What a baseline says of itself. */
export interface BaselineMetadata {
  /** The baseline's name in the ledger, extension included. */
  readonly name: string;
  /** 12 hex digits. */
  readonly revision: string;
  /** What it stands for, in order. */
  readonly replaces: readonly { readonly name: string; readonly sha256: string }[];
}

/** What is known of a database and its project; the names are those of the ledger. */
export interface StateFacts {
  /** null where there is no ledger. */
  readonly ledger: readonly Pick<LedgerRow, 'name'>[] | null;
  /** The project's migrations in order, the baseline among them where there is one. */
  readonly files: readonly { readonly name: string }[];
  readonly baseline: BaselineMetadata | null;
  /** Whether the database holds anything besides the ledger's tables. */
  readonly hasUserObjects: boolean;
}

/** In which state a database is; each name list is in the order of the files, or of the ledger. */
export type DatabaseState =
  /** Nothing in it: all of `pending` can run. */
  | { readonly kind: 'fresh'; readonly pending: readonly string[] }
  /** It ran all that the baseline replaces (all files where there is none) and nothing later. */
  | { readonly kind: 'full'; readonly pending: readonly string[] }
  /** As full, and `later` too: files that come after the baseline. */
  | { readonly kind: 'ahead'; readonly later: readonly string[]; readonly pending: readonly string[] }
  /** It ran a part of what the baseline replaces (of the files where there is none). */
  | {
      readonly kind: 'partial';
      readonly applied: readonly string[];
      readonly missing: readonly string[];
      readonly later: readonly string[];
    }
  /** Its ledger names the baseline. */
  | { readonly kind: 'adopted'; readonly pending: readonly string[] }
  /** Its ledger names what nobody knows, or replaced migrations beside the baseline. */
  | { readonly kind: 'ghosts'; readonly ghosts: readonly string[] }
  /** It holds objects, and its ledger doesn't tell where they come from. */
  | { readonly kind: 'foreign' };

/** Decides in which state a database is, by names alone: whether its catalog agrees is another question. */
export function decideState({ ledger, files, baseline, hasUserObjects }: StateFacts): DatabaseState {
  const executed = (ledger ?? []).map(({ name }) => name);
  const fileNames = files.map(({ name }) => name);
  const pending = without(fileNames, executed);
  if (executed.length === 0) return hasUserObjects ? { kind: 'foreign' } : { kind: 'fresh', pending };

  const replaced = baseline === null ? [] : baseline.replaces.map(({ name }) => name);
  const isAdopted = baseline !== null && executed.includes(baseline.name);
  const ghosts = without(executed, isAdopted ? fileNames : [...fileNames, ...replaced]);
  if (ghosts.length > 0) return { kind: 'ghosts', ghosts };
  if (isAdopted) return { kind: 'adopted', pending };
  return baseline === null
    ? compareHistory(fileNames, pending)
    : compareReplaced(replaced, executed, without(pending, [baseline.name]));
}

function compareHistory(files: readonly string[], pending: readonly string[]): DatabaseState {
  if (pending.length === 0) return { kind: 'full', pending };
  return {
    kind: 'partial',
    applied: without(files, pending),
    missing: pending,
    later: [],
  };
}

function compareReplaced(
  replaced: readonly string[],
  executed: readonly string[],
  pending: readonly string[],
): DatabaseState {
  const missing = without(replaced, executed);
  const later = without(executed, replaced);
  if (missing.length === 0)
    return later.length === 0 ? { kind: 'full', pending } : { kind: 'ahead', later, pending };
  // Without one of the replaced names nothing tells what the later ones were run upon.
  if (missing.length === replaced.length) return { kind: 'foreign' };
  return { kind: 'partial', applied: without(replaced, missing), missing, later };
}

function without(names: readonly string[], others: readonly string[]): readonly string[] {
  const excluded = new Set(others);
  return names.filter((name) => !excluded.has(name));
}
