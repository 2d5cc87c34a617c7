import type { Column } from '../catalog/columns.js';
import type { Catalog } from '../catalog/model.js';
import type { TableDigest } from '../rows/digest.js';
import type { SequencePosition } from '../rows/read.js';
import { renderPositions, renderRows } from '../rows/render.js';
import type { StoredTable } from '../rows/tables.js';
import { ignoredColumns, type TwinRows, type VolatileColumn } from '../rows/volatile.js';
import type { LedgerNames, WrittenTable } from './guard.js';
import { script } from './script.js';
import { downText, upText } from './sql-text.js';

/** What a baseline's SQL is made of. */
export interface BaselineInput {
  readonly catalog: Catalog;
  readonly tables: readonly StoredTable[];
  readonly twins: readonly TwinRows[];
  readonly rulings: readonly VolatileColumn[];
  /** Digests without the columns that differ by nature. */
  readonly steadyDigests: readonly TableDigest[];
  readonly sequences: readonly SequencePosition[];
  readonly searchPath: string;
  readonly ledger: LedgerNames;
}

/** The SQL of a baseline: there, back where nothing was added, and back in any case. */
export interface BaselineSql {
  readonly up: string;
  readonly down: string;
  readonly dropAll: string;
}

/** Catalog and rows to text: the pure middle of a squash. @throws SquashError CYCLE_UNSPLITTABLE */
export function buildSql(input: BaselineInput): BaselineSql {
  const contents = renderRows(input.twins, input.rulings);
  const positions = renderPositions(input.sequences, sequenceStarts(input.catalog));
  const parts = script(input.catalog, contents, positions);
  return {
    up: upText(parts, input.searchPath, input.ledger),
    down: downText(parts, input.searchPath, { tables: writtenTables(input), ledger: input.ledger }),
    dropAll: downText(parts, input.searchPath, null),
  };
}

function writtenTables({ tables, steadyDigests, rulings }: BaselineInput): readonly WrittenTable[] {
  const digests = new Map(steadyDigests.map((digest) => [digest.table, digest]));
  const ignored = ignoredColumns(rulings);
  return tables.map((table) => ({
    identity: table.identity,
    rows: digests.get(table.id)?.rows ?? 0,
    columns: table.columns.map((column) => column.name).filter((name) => !ignored.get(table.id)?.has(name)),
    digest: digests.get(table.id)?.digest ?? '',
  }));
}

function sequenceStarts(catalog: Catalog): ReadonlyMap<string, string> {
  const own = catalog.objects
    .filter((object) => object.kind === 'sequence')
    .map((object) => [object.identity, String(object.attributes.start)] as const);
  const identity = catalog.objects
    .filter((object) => object.kind === 'table')
    .flatMap((object) => (object.attributes.columns ?? []) as unknown as readonly Column[])
    .flatMap((column) =>
      column.identity === undefined ? [] : [[column.identity.sequence, column.identity.start] as const],
    );
  return new Map([...own, ...identity]);
}
