import type { Difference } from '../catalog/compare.js';

/** What a finding is about; the first three are differences of an object. */
export type Check =
  | Difference['change']
  | 'pending'
  | 'out of order'
  | 'ghost'
  | 'edited'
  | 'baseline'
  | 'interrupted'
  | 'no ledger'
  | 'broken'
  | 'invalid index'
  | 'not validated'
  | 'disabled'
  | 'unchecked'
  | 'not expected any more';

/** One thing that was found besides the objects that differ. */
export interface Finding {
  readonly check: Check;
  /** Id of an object, or a migration's name. */
  readonly object: string;
  /** A note makes no difference: the migrations themselves have it so, or it can't be told. */
  readonly severity: 'error' | 'note';
  readonly message: string;
}

/** An object that isn't as the migrations make it. */
export interface ObjectDifference extends Difference {
  /** Its statements as the migrations make it; null where they don't. */
  readonly expected: string | null;
  /** Its statements as the database has it; null where it doesn't. */
  readonly found: string | null;
  /** From expected to found, as a unified diff without a header. */
  readonly diff: string;
}

/** A difference or finding that the settings expect. */
export interface Excused {
  readonly object: string;
  readonly check: Check;
  readonly reason: string;
}

/** How many objects of a kind there are. */
export interface KindCount {
  readonly kind: string;
  /** When the history was squashed, by the archive; null where there is none. */
  readonly squashed: number | null;
  readonly expected: number;
  readonly found: number;
}

/** Views and functions that were tried. */
export interface Trials {
  readonly views: number;
  readonly functions: number;
  /** What looked at plpgsql's: the extension plpgsql_check, else the language's own validator. */
  readonly plpgsql: 'plpgsql_check' | 'validator';
}
