import type { ClientConfig } from 'pg';
import { differingColumns } from '../rows/volatile.js';
import { type LeftOut, observe, type Reading } from './observe.js';
import { type Proof, prove } from './prove.js';

/** Two databases that came the same way, and a third that came another way to the same place. */
export interface Ways extends Reading {
  readonly first: ClientConfig;
  readonly second: ClientConfig;
  readonly other: ClientConfig;
  /** Columns that are known to differ by nature. */
  readonly leftOut: LeftOut;
}

/**
 * Whether the other way leads to the same catalog, rows and sequences. What differs between the two
 * that came the same way differs by nature, and doesn't count.
 *
 * @throws SquashError HISTORY_UNSTABLE when one way gives other numbers of rows each time.
 */
export async function proveSame(ways: Ways): Promise<Proof> {
  const { first, second, other, leftOut, ledger, searchPath } = ways;
  const one = await observe(first, ways, leftOut);
  const two = await observe(second, ways, leftOut);
  const volatile = differingColumns(one.digests, two.digests);
  const ignored = union(leftOut, volatile);
  const history = volatile.size === 0 ? one : await observe(first, ways, ignored);
  const baseline = await observe(other, ways, ignored);
  return prove({ history, baseline, connection: other, ledger, searchPath, steadyDigests: history.digests });
}

function union(one: LeftOut, two: LeftOut): LeftOut {
  const tables = new Set([...one.keys(), ...two.keys()]);
  return new Map(
    [...tables].map((table) => [table, new Set([...(one.get(table) ?? []), ...(two.get(table) ?? [])])]),
  );
}
