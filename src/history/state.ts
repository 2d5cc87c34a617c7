import type { Difference } from '../catalog/compare.js';
import { allNames, contradictions, pathOf, type Replaced } from './lineage.js';
import type { LedgerRow } from './migration.js';

/** What a baseline says of itself. */
export interface BaselineMetadata {
  /** The baseline's name in the ledger, extension included. */
  readonly name: string;
  /** 12 hex digits. */
  readonly revision: string;
  /** What it stands for, in order. */
  readonly replaces: readonly Replaced[];
}

/** A file that isn't what the baseline or its archive say it is. */
export interface Flaw {
  readonly name: string;
  readonly reason: string;
}

/** What is known of a database and its project; the names are those of the ledger. */
export interface StateFacts {
  /** By id; null where there is no ledger. */
  readonly ledger: readonly Pick<LedgerRow, 'name'>[] | null;
  /** The project's migrations in order, the baseline among them where there is one. */
  readonly files: readonly { readonly name: string }[];
  readonly baseline: BaselineMetadata | null;
  /** Whether the database holds anything besides the ledger's tables. */
  readonly hasUserObjects: boolean;
  readonly flaws?: readonly Flaw[];
  /** The migration without a transaction that broke off, if one did. */
  readonly interrupted?: string | null;
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
  /** As full, ahead or partial, but not in the order of the files: `applied` is in the ledger's. */
  | {
      readonly kind: 'out of order';
      readonly applied: readonly string[];
      readonly missing: readonly string[];
    }
  /** Its ledger names the baseline. */
  | { readonly kind: 'adopted'; readonly pending: readonly string[] }
  /** Its ledger names what nobody knows, or replaced migrations beside their baseline. */
  | { readonly kind: 'ghosts'; readonly ghosts: readonly string[] }
  /** It holds objects, and its ledger doesn't tell where they come from. */
  | { readonly kind: 'foreign' }
  /** Files were edited that must not be; the database was not looked at. */
  | { readonly kind: 'tampered'; readonly flaws: readonly Flaw[] }
  /** A migration without a transaction broke off, and nobody knows where. */
  | { readonly kind: 'interrupted'; readonly name: string }
  /** As full or ahead, but its catalog isn't the one that its ledger promises. */
  | { readonly kind: 'drifted'; readonly differences: readonly Difference[] };

/** Decides in which state a database is, by names alone: whether its catalog agrees is another question. */
export function decideState(facts: StateFacts): DatabaseState {
  const { files, baseline, hasUserObjects, flaws = [], interrupted = null } = facts;
  if (flaws.length > 0) return { kind: 'tampered', flaws };
  if (interrupted !== null) return { kind: 'interrupted', name: interrupted };
  const executed = (facts.ledger ?? []).map(({ name }) => name);
  const fileNames = files.map(({ name }) => name);
  const pending = without(fileNames, executed);
  if (executed.length === 0) return hasUserObjects ? { kind: 'foreign' } : { kind: 'fresh', pending };
  const ghosts = findGhosts(executed, fileNames, baseline);
  if (ghosts.length > 0) return { kind: 'ghosts', ghosts };
  if (baseline === null) return compareHistory(fileNames, pending);
  if (executed.includes(baseline.name)) return { kind: 'adopted', pending };
  const path = pathOf(baseline.replaces, new Set(executed)).map(({ name }) => name);
  return compareReplaced(path, executed, without(pending, [baseline.name]));
}

function findGhosts(
  executed: readonly string[],
  files: readonly string[],
  baseline: BaselineMetadata | null,
): readonly string[] {
  if (baseline === null || executed.includes(baseline.name)) return without(executed, files);
  const unknown = without(executed, [...files, ...allNames(baseline.replaces)]);
  return [...unknown, ...contradictions(baseline.replaces, new Set(executed))];
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
  const applied = without(replaced, missing);
  const later = without(executed, replaced);
  // Without one of the replaced names nothing tells what the later ones were run upon.
  if (applied.length === 0) return { kind: 'foreign' };
  const isInOrder = [...applied, ...later].every((name, place) => executed[place] === name);
  if (!isInOrder) return { kind: 'out of order', applied: executed, missing };
  if (missing.length > 0) return { kind: 'partial', applied, missing, later };
  return later.length === 0 ? { kind: 'full', pending } : { kind: 'ahead', later, pending };
}

function without(names: readonly string[], others: readonly string[]): readonly string[] {
  const excluded = new Set(others);
  return names.filter((name) => !excluded.has(name));
}
