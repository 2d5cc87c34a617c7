import type { CarriedRows } from '../rows/carry.js';
import type { TableDigest } from '../rows/digest.js';
import type { SequencePosition } from '../rows/read.js';
import { type Compared, describeRowDifferences, type Sides } from '../rows/row-differences.js';
import type { StoredTable } from '../rows/tables.js';
import { ignoredColumns } from '../rows/volatile.js';
import type { ProofDifference } from './difference.js';

/** A table whose number or hash of rows is not the expected one. */
interface Unequal {
  readonly table: string;
  readonly expected: number;
  readonly found: number;
}

/** How many tables are looked into; all are listed. */
const lookedInto = 20;

/** Tables whose rows differ, each with the first differing rows by key and column. */
export async function rowDifferences(
  sides: Sides,
  { steadyDigests, decisions }: Pick<CarriedRows, 'steadyDigests' | 'decisions'>,
  found: readonly TableDigest[],
  tables: readonly StoredTable[],
): Promise<readonly ProofDifference[]> {
  const ignored = ignoredColumns(decisions);
  const ruled = new Set(decisions.map(({ table, column }) => `${table}.${column}`));
  const byId = new Map(tables.map((table) => [table.id, table]));
  const differences: ProofDifference[] = [];
  for (const [at, { table: id, expected, found: rows }] of unequal(steadyDigests, found).entries()) {
    const table = byId.get(id);
    const count = expected === rows ? [] : [`expected ${expected} rows, found ${rows}`];
    const compared: Compared | null =
      table === undefined
        ? null
        : {
            table,
            columns: table.columns.filter(({ name }) => !ignored.get(id)?.has(name)),
            isSecret: (column) => ruled.has(`${id}.${column}`),
          };
    // That they differ is told in any case, also where they can't be read once more.
    const named =
      compared === null || at >= lookedInto
        ? []
        : await describeRowDifferences(sides, compared).catch((): readonly string[] => []);
    differences.push({
      object: id,
      change: 'rows',
      detail: [...count, ...named].join('; ') || 'rows differ',
    });
  }
  return differences;
}

function unequal(expected: readonly TableDigest[], found: readonly TableDigest[]): readonly Unequal[] {
  const before = new Map(expected.map((digest) => [digest.table, digest]));
  const after = new Map(found.map((digest) => [digest.table, digest]));
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((table) => {
    const [was, is] = [before.get(table), after.get(table)];
    if (was?.rows === is?.rows && was?.digest === is?.digest) return [];
    return [{ table, expected: was?.rows ?? 0, found: is?.rows ?? 0 }];
  });
}

/** Materialized views whose contents differ. */
export function viewDifferences(
  expected: readonly TableDigest[],
  found: readonly TableDigest[],
): readonly ProofDifference[] {
  return unequal(expected, found).map(({ table, expected: was, found: is }) => ({
    object: table,
    change: 'rows',
    detail: was === is ? `its ${was} rows hold other values` : `expected ${was} rows, found ${is}`,
  }));
}

/** Rows that a migration wrote into a table which an extension keeps for itself. */
export function unmarkedDifferences(
  [one, two]: readonly [readonly TableDigest[], readonly TableDigest[]],
  found: readonly TableDigest[],
): readonly ProofDifference[] {
  // What differs between two replays by itself can't be held against the baseline.
  const unsteady = new Set(unequal(one, two).map(({ table }) => table));
  return unequal(one, found)
    .filter(({ table }) => !unsteady.has(table))
    .map(({ table }) => ({
      object: table,
      change: 'rows',
      detail:
        'a migration wrote rows here, and the extension that owns the table does not mark them as configuration: a baseline can not carry them. Write them in a migration after the baseline',
    }));
}

export function positionDifferences(
  expected: readonly SequencePosition[],
  found: readonly SequencePosition[],
): readonly ProofDifference[] {
  const after = new Map(found.map((position) => [position.sequence, position]));
  const text = (position: SequencePosition | undefined): string =>
    position === undefined ? 'nothing' : `${position.lastValue}${position.isCalled ? '' : ' (not called)'}`;
  return expected.flatMap((position): readonly ProofDifference[] => {
    const is = after.get(position.sequence);
    if (text(is) === text(position)) return [];
    const detail = `expected ${text(position)}, found ${text(is)}`;
    return [{ object: `sequence ${position.sequence}`, change: 'position', detail }];
  });
}
