import type { Difference } from '../catalog/compare.js';
import type { DatabaseState } from '../history/state.js';

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

/** Whether a database is what its migrations say, and in what it isn't. */
export interface ValidateResult {
  /** No object differs and no finding is an error. */
  readonly equal: boolean;
  readonly database: string;
  readonly serverMajor: number;
  readonly state: DatabaseState['kind'];
  readonly baseline: { readonly name: string; readonly revision: string } | null;
  readonly migrations: { readonly executed: number; readonly pending: readonly string[] };
  readonly differences: readonly ObjectDifference[];
  readonly findings: readonly Finding[];
  /** What the settings expect. */
  readonly excused: readonly Excused[];
  /** By kind, in the order of a baseline's sections. */
  readonly counts: readonly KindCount[];
  readonly trials: Trials;
  /** Whether migrations were run on a shadow; else what they build came from the cache. */
  readonly replayed: boolean;
  /** Whether the database's catalog is as it was when it was found equal before, by a digest, and wasn't read again. */
  readonly recalled: boolean;
  /** Path of report.html, relative to the project; null where none was asked for. */
  readonly report: string | null;
  /** Milliseconds: reading the live database, knowing what it should be like, all. */
  readonly timings: { readonly read: number; readonly compare: number; readonly total: number };
}
