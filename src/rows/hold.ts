import type { Client, ClientConfig } from 'pg';
import type { RowSettings } from '../settings/rows.js';
import { readColumnDigests, type TableDigest } from './digest.js';
import { readRows } from './read.js';
import type { StoredTable } from './tables.js';
import { isRuledUnstable, unstableError } from './unstable.js';
import type { TwinRows, Window } from './volatile.js';

/** A shadow on which the history was replayed, and what was found there. */
export interface Replayed {
  readonly shadow: ClientConfig;
  readonly digests: readonly TableDigest[];
  readonly window: Window;
}

/** A session on each of the two replays. */
export interface Sessions {
  readonly one: Client;
  readonly two: Client;
}

/** The carried tables that have rows, and how each is read. */
export interface HeldRows {
  /** Small tables, their rows in memory. */
  readonly twins: readonly TwinRows[];
  /** Tables that are too big for that. */
  readonly big: readonly StoredTable[];
  /** Names of the columns that differ, by id of the tables that differ. */
  readonly volatile: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Characters of a table's rows beyond which nobody reads them as INSERTs. */
const readableSize = 2 ** 20;

/** Finds what differs between two replays, and reads the rows of small tables. @throws SquashError HISTORY_UNSTABLE */
export async function holdRows(
  { one, two }: Sessions,
  carried: readonly StoredTable[],
  [first, second]: readonly [Replayed, Replayed],
  settings: RowSettings,
): Promise<HeldRows> {
  const digests = byTable(first.digests);
  const volatile = await differingColumns(
    { one, two },
    carried,
    [first.digests, second.digests],
    settings.unstable,
  );
  const filled = carried.filter(({ id }) => digests.has(id));
  const isBig = ({ id }: StoredTable): boolean => {
    const { rows = 0, size = 0 } = digests.get(id) ?? {};
    return rows > settings.threshold || size > readableSize;
  };
  const twins: TwinRows[] = [];
  for (const table of filled.filter((each) => !isBig(each))) {
    const columns = volatile.get(table.id);
    const rows = await readRows(one, table, columns ?? new Set());
    twins.push({ first: rows, second: columns === undefined ? rows : await readRows(two, table, columns) });
  }
  return { twins, big: filled.filter(isBig), volatile };
}

/**
 * The columns that differ between two replays, by id of their tables.
 *
 * @param unstable the tables that the settings rule, which don't count.
 * @throws SquashError HISTORY_UNSTABLE where the number of rows differs.
 */
export async function differingColumns(
  { one, two }: Sessions,
  carried: readonly StoredTable[],
  [first, second]: readonly [readonly TableDigest[], readonly TableDigest[]],
  unstable: RowSettings['unstable'],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const counted = carried.filter(({ id }) => !isRuledUnstable(id, unstable));
  const tables = differingTables(counted, byTable(first), byTable(second));
  const [ones, twos] = await Promise.all([readColumnDigests(one, tables), readColumnDigests(two, tables)]);
  return new Map(
    tables.map(({ id }) => {
      const names = Object.keys(ones.get(id) ?? {});
      return [id, new Set(names.filter((name) => ones.get(id)?.[name] !== twos.get(id)?.[name]))];
    }),
  );
}

type Digests = ReadonlyMap<string, TableDigest>;

function byTable(digests: readonly TableDigest[]): Digests {
  return new Map(digests.map((digest) => [digest.table, digest]));
}

/** Tables whose rows are not the same after both replays. */
function differingTables(
  tables: readonly StoredTable[],
  first: Digests,
  second: Digests,
): readonly StoredTable[] {
  const uneven = tables.flatMap(({ id }) => {
    const [was, is] = [first.get(id)?.rows ?? 0, second.get(id)?.rows ?? 0];
    return was === is
      ? []
      : [{ object: id, how: `has ${was} rows after one replay and ${is} after another` }];
  });
  if (uneven.length > 0) throw unstableError(uneven);
  return tables.filter(({ id }) => first.get(id)?.digest !== second.get(id)?.digest);
}
