import { quoteIdent } from '../database/sql.js';
import type { StoredColumn, StoredTable } from './tables.js';
import type { Decision } from './volatile.js';

/** A statement that takes rows from a file beside the baseline. */
export interface CopyRows {
  /** `COPY public.genes (id, symbol) FROM STDIN`. */
  readonly copy: string;
  /** The file's name, without a folder. */
  readonly file: string;
  /** Of the file as it lies there. */
  readonly sha256: string;
}

/** A table's rows as they lie in a file: text of COPY, compressed. */
export interface RowsFile {
  readonly table: StoredTable;
  /** Where it was written. */
  readonly path: string;
  readonly sha256: string;
  readonly rows: number;
  /** Bytes of the file. */
  readonly size: number;
}

/** The columns that a file holds: all others are left to their defaults. */
export function copiedColumns(table: StoredTable, decisions: readonly Decision[]): readonly StoredColumn[] {
  const ruled = rulingsOf(table, decisions);
  return table.columns.filter(({ name }) => (ruled.get(name)?.ruling ?? 'freeze') === 'freeze');
}

/** The statements that fill a table from its file. */
export function copyStatements(
  { table, rows, sha256 }: RowsFile,
  file: string,
  decisions: readonly Decision[],
): readonly (string | CopyRows)[] {
  const columns = copiedColumns(table, decisions).map(({ name }) => quoteIdent(name));
  const fill =
    columns.length === 0
      ? `INSERT INTO ${table.identity} SELECT FROM generate_series(1, ${rows})`
      : { copy: `COPY ${table.identity} (${columns.join(', ')}) FROM STDIN`, file, sha256 };
  const ruled = rulingsOf(table, decisions);
  const replaced = table.columns.flatMap((column) => {
    const expression = insteadOf(ruled.get(column.name));
    return expression === null ? [] : [{ column, expression }];
  });
  // COPY has no place for an expression, a default has.
  const alter = ({ name }: StoredColumn): string =>
    `ALTER TABLE ONLY ${table.identity} ALTER COLUMN ${quoteIdent(name)}`;
  return [
    ...replaced.map(({ column, expression }) => `${alter(column)} SET DEFAULT ${expression}`),
    fill,
    ...replaced.map(({ column }) =>
      column.default === null
        ? `${alter(column)} DROP DEFAULT`
        : `${alter(column)} SET DEFAULT ${column.default}`,
    ),
  ];
}

function rulingsOf(table: StoredTable, decisions: readonly Decision[]): ReadonlyMap<string, Decision> {
  return new Map(decisions.filter((each) => each.table === table.id).map((each) => [each.column, each]));
}

function insteadOf(decision: Decision | undefined): string | null {
  if (decision?.ruling === 'now') return 'CURRENT_TIMESTAMP';
  return decision?.ruling === 'regenerate' && typeof decision.expression === 'string'
    ? `(${decision.expression})`
    : null;
}
