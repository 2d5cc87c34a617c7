import type { RowSettings } from '../settings/rows.js';
import type { TableDigest } from './digest.js';
import { refuseUnknown } from './names.js';
import type { StoredTable } from './tables.js';

/** Which tables' rows go into the baseline. */
export interface Selection {
  readonly carried: readonly StoredTable[];
  /** Tables whose rows it leaves out, and how many rows those are. */
  readonly leftOut: readonly { readonly table: string; readonly rows: number }[];
}

/**
 * Follows `--rows` and `squash.rows`; a partitioned table stands for its partitions.
 * @throws SquashError SETTINGS_INVALID for a name that no table has.
 */
export function selectTables(
  tables: readonly StoredTable[],
  digests: readonly TableDigest[],
  { carried }: Pick<RowSettings, 'carried'>,
): Selection {
  const filled = new Map(digests.map(({ table, rows }) => [table, rows]));
  const isCarried = (table: StoredTable): boolean =>
    carried === 'all' || (carried !== 'none' && carried.some((name) => isNamed(table, name)));
  if (typeof carried !== 'string') refuseUnknownTables(carried, tables);
  return {
    carried: tables.filter(isCarried),
    leftOut: tables
      .filter((table) => filled.has(table.id) && !isCarried(table))
      .map((table) => ({ table: table.id, rows: filled.get(table.id) ?? 0 })),
  };
}

function refuseUnknownTables(names: readonly string[], tables: readonly StoredTable[]): void {
  const known = [...new Set(tables.flatMap((table) => [table.identity, ...table.partitionOf]))];
  refuseUnknown('squash.rows', names, (name) => tables.some((table) => isNamed(table, name)), known);
}

/** By its full name, quoted or not; a name without a schema is one of `public`. */
function isNamed(table: StoredTable, name: string): boolean {
  const given = [name, `public.${name}`];
  return [table.identity, ...table.partitionOf].some(
    (identity) => given.includes(identity) || given.includes(identity.replaceAll('"', '')),
  );
}
