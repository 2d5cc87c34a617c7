/** One thing in which a baseline's database differs from the history's. */
export interface ProofDifference {
  /** The object, as the catalog calls it. */
  readonly object: string;
  readonly change: 'missing' | 'extra' | 'changed' | 'rows' | 'position';
  /** What was expected and what was found, in one line. */
  readonly detail: string;
}
