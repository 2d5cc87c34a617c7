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
 *
 * @param extensions those that don't count, with their dot.
 */
export function spellAs<B extends (BaselineMetadata & { readonly name: string }) | null>(
  { history, baseline }: Spelt<B>,
  ledger: readonly { readonly name: string }[],
  extensions: readonly string[],
): Spelt<B> {
  const known = new Set(ledger.map(({ name }) => name));
  const byStem = new Map(ledger.map(({ name }) => [stemOf(name, extensions), name]));
  const spell = (name: string): string =>
    known.has(name) ? name : (byStem.get(stemOf(name, extensions)) ?? name);
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

/** A name without its extension, where that is one of those. */
export function stemOf(name: string, extensions: readonly string[]): string {
  const extension = extensions.find((each) => name.endsWith(each) && name.length > each.length);
  return extension === undefined ? name : name.slice(0, -extension.length);
}
