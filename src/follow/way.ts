import { SquashError } from '../errors.js';
import { pathOf, type Replaced } from '../history/lineage.js';
import type { BaselineMetadata } from '../history/state.js';

/** How a database has come, and what it lacks to where a baseline stands. */
export interface Way {
  /** The replaced migrations, as this ledger has to name them. */
  readonly path: readonly Replaced[];
  /** Names that it ran, in its own order. */
  readonly executed: readonly string[];
  /** Names of the path that it lacks, in the order of the files. */
  readonly missing: readonly string[];
  /** Names that it ran and that come after the baseline. */
  readonly later: readonly string[];
  /** Whether it has gone, and will go, in the order of the files: then nothing about it is in question. */
  readonly isNatural: boolean;
}

/** @param ledger by id; it names nothing but the path and files. Pure. */
export function wayOf(
  { replaces }: Pick<BaselineMetadata, 'replaces'>,
  ledger: readonly { readonly name: string }[],
): Way {
  const executed = ledger.map(({ name }) => name);
  const path = pathOf(replaces, new Set(executed));
  const onPath = new Set(path.map(({ name }) => name));
  const missing = path.map(({ name }) => name).filter((name) => !executed.includes(name));
  const later = executed.filter((name) => !onPath.has(name));
  const natural = [...path.map(({ name }) => name), ...later];
  const isNatural = [...executed, ...missing].every((name, place) => natural[place] === name);
  return { path, executed, missing, later, isNatural };
}

/**
 * A name that stands in the ledger twice says that a migration ran twice, which no shadow can repeat.
 *
 * @throws SquashError LEDGER_MISMATCH naming them.
 */
export function refuseDoubles(ledger: readonly { readonly name: string }[]): void {
  const names = ledger.map(({ name }) => name);
  const doubled = [...new Set(names.filter((name, place) => names.indexOf(name) !== place))];
  if (doubled.length === 0) return;
  const quoted = doubled.map((name) => `"${name}"`).join(', ');
  throw new SquashError('LEDGER_MISMATCH', `the ledger has more than one row for ${quoted}`, {
    hint: 'Nothing was written. Find out which row is the true one and delete the others.',
  });
}
