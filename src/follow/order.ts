import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { cacheKey, readCached, writeCached } from '../adopt/cache.js';
import type { NamedDifference } from '../adopt/outcome.js';
import type { Workshop } from '../adopt/promised.js';
import { withShadows } from '../database/shadow.js';
import { isSquashError } from '../errors.js';
import type { Migration } from '../history/migration.js';
import { replayHistory } from '../history/replay.js';
import { proveSame } from '../proof/continuation.js';
import { readSearchPath } from '../proof/replays.js';
import type { VolatileColumn } from '../rows/volatile.js';

/** Two ways in which a database may have come to the same migrations. */
export interface TwoWays {
  /** As this one ran them, or is going to. */
  readonly actual: readonly Migration[];
  /** The baseline, and what came later. */
  readonly canonical: readonly Migration[];
  /** Columns that the baseline knows to differ each time. */
  readonly volatile: readonly VolatileColumn[];
}

/** Milliseconds between two replays, so that a time cut to seconds differs. */
const apart = 1100;

/**
 * What an unusual order of the same migrations makes different, in objects and in rows; nothing if it
 * makes no difference. Both ways are gone on shadows, and the answer is remembered.
 */
export async function whatOrderChanges(
  workshop: Workshop,
  ways: TwoWays,
): Promise<readonly NamedDifference[]> {
  const files = (migrations: readonly Migration[]) => migrations.map(({ name, sha256 }) => [name, sha256]);
  const key = cacheKey(['order', workshop.settings.searchPath, files(ways.actual), files(ways.canonical)]);
  const known = await readCached<readonly NamedDifference[]>(workshop.cache, key);
  if (known !== null) return known;
  const found = await compareWays(workshop, ways);
  await writeCached(workshop.cache, key, found);
  return found;
}

async function compareWays(workshop: Workshop, ways: TwoWays): Promise<readonly NamedDifference[]> {
  const shadowOptions = await workshop.shadowOptions([...ways.actual, ...ways.canonical]);
  const names = ['first', 'second', 'other'] as const;
  return withShadows(workshop.shadow, shadowOptions, names, async ({ first, second, other }) => {
    const go = (shadow: ClientConfig, migrations: readonly Migration[]) =>
      replayHistory(shadow, workshop.settings, migrations, ({ name }) => workshop.onReplayed?.(name));
    try {
      const began = performance.now();
      await go(first, ways.actual);
      await sleep(Math.max(0, apart - (performance.now() - began)));
      await go(second, ways.actual);
    } catch (error) {
      if (isSquashError(error) && error.code === 'MIGRATION_FAILED') {
        return [{ id: 'order', change: error.message }];
      }
      throw error;
    }
    await go(other, ways.canonical);
    return compare(workshop, ways, first, second, other);
  });
}

async function compare(
  { settings }: Workshop,
  { volatile }: TwoWays,
  first: ClientConfig,
  second: ClientConfig,
  other: ClientConfig,
): Promise<readonly NamedDifference[]> {
  const leftOut = new Map<string, Set<string>>();
  for (const { table, column } of volatile) {
    leftOut.set(table, (leftOut.get(table) ?? new Set()).add(column));
  }
  const { differences } = await proveSame({
    first,
    second,
    other,
    leftOut,
    ledger: { ...settings.migrations, searchPath: settings.searchPath },
    searchPath: await readSearchPath(first, settings),
  });
  return differences.map(({ object, change, detail }) => ({ id: object, change: `${change}, ${detail}` }));
}
