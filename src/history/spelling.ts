import type { BaselineMetadata } from '../baseline/metadata.js';
import type { Replaced } from './lineage.js';
import type { Migration } from './migration.js';

/** The migrations of a project by the names that a ledger has for them. */
export interface Spelt<B> {
  readonly history: readonly Migration[];
  readonly baseline: B;
}

/**
 * A migration that is written as `1.ts` and built to `1.js` has two names. Where a ledger knows one of
 * them the project's names are turned into that one, so that all further comparisons are by name.
 */
export function spellAs<B extends (BaselineMetadata & { readonly name: string }) | null>(
  { history, baseline }: Spelt<B>,
  ledger: readonly { readonly name: string }[],
): Spelt<B> {
  const known = new Set(ledger.map(({ name }) => name));
  const byStem = new Map(ledger.map(({ name }) => [stemOf(name), name]));
  const spell = (name: string): string => (known.has(name) ? name : (byStem.get(stemOf(name)) ?? name));
  const spellAll = (replaces: readonly Replaced[]): Replaced[] =>
    replaces.map((entry) => ({
      ...entry,
      name: spell(entry.name),
      ...(entry.replaces === undefined ? {} : { replaces: spellAll(entry.replaces) }),
    }));
  return {
    history: history.map((migration) => ({ ...migration, name: spell(migration.name) })),
    baseline:
      baseline === null
        ? baseline
        : { ...baseline, name: spell(baseline.name), replaces: spellAll(baseline.replaces) },
  };
}

/** A name without the extension that says how it is written. */
export function stemOf(name: string): string {
  return name.replace(/\.[cm]?[jt]s$/, '');
}
