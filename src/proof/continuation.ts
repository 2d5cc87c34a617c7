import type { ClientConfig } from 'pg';
import { compareCatalogs } from '../catalog/compare.js';
import { readDigests, type TableDigest } from '../rows/digest.js';
import { differingColumns } from '../rows/hold.js';
import { withRows } from '../rows/session.js';
import type { Decision } from '../rows/volatile.js';
import { type LeftOut, type Observation, observe, type Reading } from './observe.js';
import { type Proof, prove } from './prove.js';
import { compareViews } from './views.js';

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
  const history = await observe(first, ways, leftOut);
  const again = await observe(second, ways, leftOut);
  const volatile = await volatileColumns(ways, history, again);
  const decisions = open(union(leftOut, volatile));
  const steadyDigests = await digestsWithout(ways, history, volatile, union(leftOut, volatile));
  const { proof } = await prove({
    replays: {
      ...{ first, second, searchPath, history, again },
      rows: { carried: history.tables, leftOut: [], twins: [], files: [], decisions, steadyDigests },
      views: await compareViews(ways, history.viewDigests, again.viewDigests, history.views),
    },
    connection: other,
    window: null,
    ledger,
  });
  const own = new Set(compareCatalogs(history.catalog, again.catalog).map(({ id }) => id));
  const differences = proof.differences.filter(
    ({ object, change }) => change !== 'changed' || !own.has(object),
  );
  return { ...proof, equal: differences.length === 0, differences };
}

async function volatileColumns(ways: Ways, history: Observation, again: Observation): Promise<LeftOut> {
  return withRows(ways.first, ways.searchPath, history.tables, (one) =>
    withRows(ways.second, ways.searchPath, history.tables, (two) =>
      differingColumns({ one, two }, history.tables, [history.digests, again.digests], {}),
    ),
  );
}

/** Digests of the tables that have volatile columns are read once more without them. */
async function digestsWithout(
  { first, searchPath }: Ways,
  { tables, digests }: Observation,
  volatile: LeftOut,
  leftOut: LeftOut,
): Promise<readonly TableDigest[]> {
  const again = await withRows(first, searchPath, tables, (client) =>
    readDigests(
      client,
      tables.filter(({ id }) => volatile.has(id)),
      (id) => leftOut.get(id) ?? new Set(),
    ),
  );
  const steady = new Map(again.map((digest) => [digest.table, digest]));
  return digests.map((digest) => steady.get(digest.table) ?? digest);
}

function open(columns: LeftOut): readonly Decision[] {
  return [...columns].flatMap(([table, names]) =>
    [...names].map((column) => ({ table, column, ruling: 'default' as const })),
  );
}

function union(one: LeftOut, two: LeftOut): LeftOut {
  const tables = new Set([...one.keys(), ...two.keys()]);
  return new Map(
    [...tables].map((table) => [table, new Set([...(one.get(table) ?? []), ...(two.get(table) ?? [])])]),
  );
}
