import { type Statement, script, type TableContents } from '../baseline/script.js';
import { quoteIdent, quoteLiteral } from '../database/sql.js';
import type { SequencePosition } from '../rows/read.js';
import type { StoredTable } from '../rows/tables.js';
import type { BackupManifest } from './manifest.js';
import { runsOf, spread, textOfPieces } from './side-by-side.js';
import type { Contents } from './source.js';

/** One step of a restore. */
export type Step = BackupManifest['steps'][number];

/** The texts by which a backup is restored, and their order. */
export interface RestoreScript {
  /** SQL by file name. */
  readonly texts: ReadonlyMap<string, string>;
  readonly steps: readonly Step[];
}

/** A table's rows as they lie in the backup. */
export interface StoredRows {
  readonly table: StoredTable;
  readonly rows: number;
  /** `rows/0001.copy.gz`, or null where there is no column to write. */
  readonly path: string | null;
}

/** Settings of every session that restores. */
export const sessionName = 'session.sql';
/** What `psql -f` runs. */
export const restoreName = 'restore.sql';

/** A backup's SQL: everything before the rows, and everything after. @throws SquashError CYCLE_UNSPLITTABLE */
export function restoreScript(
  { catalog }: Contents,
  searchPath: string,
  rows: readonly StoredRows[],
  positions: readonly SequencePosition[],
): RestoreScript {
  const { up } = script(catalog, rows.map(tableContents), positions.map(positionStatement));
  const texts = new Map<string, string>([[sessionName, sessionText(searchPath)]]);
  const steps: Step[] = [];
  const sizes = new Map(rows.map(({ table, rows: many }) => [table.identity, many]));
  for (const run of runsOf(up, sizes)) {
    if ('copy' in run) {
      steps.push(rowsStep(rows.find(({ path }) => path === run.file) as StoredRows));
      continue;
    }
    const parts = run.beside ? spread(run.pieces, sizes) : [run.pieces];
    for (const pieces of parts) {
      const sql = `schema-${texts.size}.sql`;
      texts.set(sql, textOfPieces(pieces));
      steps.push({ sql, ...(parts.length > 1 ? { beside: true as const } : {}) });
    }
  }
  return { texts: texts.set(restoreName, psqlScript(steps)), steps };
}

/** A step that copies rows into a table. */
export type RowsStep = Extract<Step, { rows: string }>;

/** Table and columns as COPY takes them: `public.genes (id, symbol)`. */
export function copyTarget({ table, columns }: Pick<RowsStep, 'table' | 'columns'>): string {
  return `${table} (${columnList(columns)})`;
}

function columnList(columns: readonly string[]): string {
  return columns.map((name) => quoteIdent(name)).join(', ');
}

function rowsStep({ table, path }: StoredRows): RowsStep {
  return { rows: path ?? '', table: table.identity, columns: table.columns.map(({ name }) => name) };
}

function tableContents({ table, rows, path }: StoredRows): TableContents {
  const statement: Statement =
    path === null
      ? `INSERT INTO ${table.identity} SELECT FROM pg_catalog.generate_series(1, ${rows})`
      : // The manifest has the hash, and restore.sql names the table.
        { copy: '', file: path, sha256: '' };
  return { table: table.id, madeBy: table.madeBy, statements: [statement], after: [] };
}

/** SQL that moves sequences to where they stood. */
export function positionsText(positions: readonly SequencePosition[]): string {
  return `-- Positions of sequences\n${positions.map((each) => `${positionStatement(each)};\n`).join('')}`;
}

function positionStatement({ sequence, lastValue, isCalled }: SequencePosition): string {
  return `SELECT pg_catalog.setval(${quoteLiteral(sequence)}, ${lastValue}, ${isCalled})`;
}

function sessionText(searchPath: string): string {
  const settings = [
    ['client_encoding', 'UTF8'],
    ['standard_conforming_strings', 'on'],
    ['check_function_bodies', 'off'],
    ['row_security', 'on'],
    ['default_tablespace', ''],
    ['xmloption', 'content'],
    ['statement_timeout', '0'],
    ['lock_timeout', '0'],
    ['idle_in_transaction_session_timeout', '0'],
    ['client_min_messages', 'warning'],
    ['DateStyle', 'ISO, YMD'],
    ['IntervalStyle', 'postgres'],
    ['lc_monetary', 'C'],
    ['search_path', searchPath],
  ] as const;
  const calls = settings.map(
    ([name, value]) => `pg_catalog.set_config('${name}', ${quoteLiteral(value)}, false)`,
  );
  return `SELECT ${calls.join(',\n  ')};\n`;
}

/** For psql alone, in one transaction, run from within the folder. */
function psqlScript(steps: readonly Step[]): string {
  const lines = steps.flatMap((step) => ('sql' in step ? [`\\ir ${step.sql}`] : copyLines(step)));
  return [
    '-- Run from within this folder: psql -X -d <an empty database> -f restore.sql',
    '\\set ON_ERROR_STOP on',
    '\\o /dev/null',
    'BEGIN;',
    `\\ir ${sessionName}`,
    ...lines,
    'COMMIT;',
    '',
  ].join('\n');
}

/** `\copy` ends with its line, and a name may hold an end of line: then a table with a plain name stands in between. */
function copyLines(step: RowsStep): readonly string[] {
  const from = `from program 'gzip -dc ${step.rows}'`;
  const target = copyTarget(step);
  if (!/[\r\n]/.test(target)) return [`\\copy ${target} ${from}`];
  const columns = columnList(step.columns);
  const plain = step.columns.map((_, at) => `c${at}`).join(', ');
  return [
    `CREATE TEMPORARY TABLE knex_squash_rows (${plain}) ON COMMIT DROP AS SELECT ${columns} FROM ${step.table} WITH NO DATA;`,
    `\\copy pg_temp.knex_squash_rows ${from}`,
    `INSERT INTO ${target} OVERRIDING SYSTEM VALUE SELECT * FROM pg_temp.knex_squash_rows;`,
    'DROP TABLE pg_temp.knex_squash_rows;',
  ];
}
