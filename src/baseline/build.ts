import type { Column } from '../catalog/columns.js';
import type { Catalog } from '../catalog/model.js';
import { type SurroundingsChange, unchanged } from '../cluster/change.js';
import { surroundingsScript } from '../cluster/statements.js';
import type { CarriedRows } from '../rows/carry.js';
import { copyStatements } from '../rows/copy.js';
import { carriedPositions } from '../rows/positions.js';
import type { SequencePosition } from '../rows/read.js';
import { renderPositions, renderRows } from '../rows/render.js';
import type { StoredTable } from '../rows/tables.js';
import { ignoredColumns } from '../rows/volatile.js';
import { emptinessGuard, type LedgerNames, type WrittenTable } from './guard.js';
import { needsGuard, needsOf } from './needs.js';
import { script, type TableContents } from './script.js';
import { downText, type UpStep, upSteps } from './sql-text.js';

/** What a baseline's SQL is made of. */
export interface BaselineInput {
  readonly catalog: Catalog;
  /** All tables, those whose rows are left out among them. */
  readonly tables: readonly StoredTable[];
  readonly rows: CarriedRows;
  /** The name of each file of rows, by id of its table. */
  readonly fileNames: ReadonlyMap<string, string>;
  readonly sequences: readonly SequencePosition[];
  readonly searchPath: string;
  readonly ledger: LedgerNames;
  /** What the history did around its database; nothing by default. */
  readonly surroundings?: SurroundingsChange;
}

/** The SQL of a baseline: there, back where nothing was added, and back in any case. */
export interface BaselineSql {
  readonly up: readonly UpStep[];
  readonly down: string;
  readonly dropAll: string;
}

/** Catalog and rows to text: the pure middle of a squash. @throws SquashError CYCLE_UNSPLITTABLE */
export function buildSql(input: BaselineInput): BaselineSql {
  const { catalog, rows, sequences, searchPath, ledger, surroundings = unchanged } = input;
  const positions = renderPositions(carriedPositions(sequences, catalog, rows), sequenceStarts(catalog));
  const inside = script(catalog, contentsOf(input), positions);
  const around = surroundingsScript(surroundings);
  const parts = {
    up: [
      { title: 'Roles', statements: around.roles },
      ...inside.up,
      { title: 'The database itself', statements: around.database },
    ],
    down: [...around.databaseBack, ...inside.down],
  };
  return {
    up: upSteps(parts, searchPath, [emptinessGuard(ledger), ...needsGuard(needsOf(catalog, surroundings))]),
    down: downText(parts, searchPath, { tables: writtenTables(input), ledger }),
    dropAll: downText(parts, searchPath, null),
  };
}

function contentsOf({ rows, fileNames }: BaselineInput): readonly TableContents[] {
  const inserted = renderRows(rows.twins, rows.decisions).map(({ table, ...rest }) => ({
    ...rest,
    table: table.id,
    madeBy: table.madeBy,
  }));
  const copied = rows.files.map((file) => ({
    table: file.table.id,
    madeBy: file.table.madeBy,
    statements: copyStatements(file, fileNames.get(file.table.id) ?? '', rows.decisions),
    after: [],
  }));
  return [...inserted, ...copied];
}

function writtenTables({ tables, rows }: BaselineInput): readonly WrittenTable[] {
  const digests = new Map(rows.steadyDigests.map((digest) => [digest.table, digest]));
  const ignored = ignoredColumns(rows.decisions);
  return tables.map((table) => ({
    table,
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
