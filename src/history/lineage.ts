/** A migration that a baseline stands for; where it was a baseline itself, also what that one replaced. */
export interface Replaced {
  /** The name in the ledger. */
  readonly name: string;
  /** Hex sha256 of its file. */
  readonly sha256: string;
  readonly revision?: string | undefined;
  readonly replaces?: readonly Replaced[] | undefined;
}

/** Every name that a ledger may have instead of the baseline's own: its replaced ones, and theirs in turn. */
export function allNames(replaces: readonly Replaced[]): readonly string[] {
  return replaces.flatMap(({ name, replaces: older }) => [name, ...allNames(older ?? [])]);
}

/**
 * The replaced migrations in order, as this ledger has to name them: a database that ran the originals
 * of an earlier baseline is on its way through these, one that ran or adopted that baseline isn't.
 */
export function pathOf(replaces: readonly Replaced[], executed: ReadonlySet<string>): readonly Replaced[] {
  return replaces.flatMap((entry) =>
    entry.replaces === undefined || executed.has(entry.name) ? [entry] : pathOf(entry.replaces, executed),
  );
}

/** Names of the ledger that can't stand beside an earlier baseline which it names as well. */
export function contradictions(
  replaces: readonly Replaced[],
  executed: ReadonlySet<string>,
): readonly string[] {
  return replaces.flatMap(({ name, replaces: older = [] }) =>
    executed.has(name)
      ? allNames(older).filter((each) => executed.has(each))
      : contradictions(older, executed),
  );
}

/** The entry of that name, however deep. */
export function findReplaced(replaces: readonly Replaced[], name: string): Replaced | null {
  for (const entry of replaces) {
    if (entry.name === name) return entry;
    const found = findReplaced(entry.replaces ?? [], name);
    if (found !== null) return found;
  }
  return null;
}
