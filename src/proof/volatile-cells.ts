import type { Client, ClientConfig } from 'pg';
import { quoteIdent } from '../database/sql.js';
import type { CarriedRows } from '../rows/carry.js';
import type { RowsFile } from '../rows/copy.js';
import { timeKind } from '../rows/moment.js';
import { type Row, readRows, type TableRows } from '../rows/read.js';
import { withRows } from '../rows/session.js';
import type { StoredTable } from '../rows/tables.js';
import { type Decision, rowName, type TwinRows, type Window } from '../rows/volatile.js';
import type { ProofDifference } from './difference.js';

/** A baseline's database, and when it was built. */
export interface Built {
  readonly shadow: ClientConfig;
  readonly searchPath: string;
  readonly window: Window;
}

/**
 * Holds every cell of a column that is left open against its ruling: steady cells as the history has
 * them, times of the baseline's own run, references that lead to the same row.
 */
export async function volatileDifferences(
  { shadow, searchPath, window }: Built,
  { twins, files, decisions }: CarriedRows,
): Promise<readonly ProofDifference[]> {
  const open = decisions.filter(({ ruling }) => ruling !== 'freeze');
  if (open.length === 0) return [];
  const tables = [...twins.map(({ first }) => first.table), ...files.map(({ table }) => table)];
  return withRows(shadow, searchPath, tables, async (client) => {
    const rows = await readBuilt(client, twins, decisions);
    const held = twins.flatMap((twin) => {
      const own = open.filter(({ table }) => table === twin.first.table.id);
      return own.flatMap((decision) => heldDifferences(decision, twin, rows, window));
    });
    return [...held, ...(await copiedDifferences(client, files, open))];
  });
}

/** The baseline's rows of every table with a ruling, and of those that are looked up, by id and in the history's order. */
async function readBuilt(
  client: Client,
  twins: readonly TwinRows[],
  decisions: readonly Decision[],
): Promise<BuiltRows> {
  const identities = new Set(decisions.flatMap(({ target }) => target?.table ?? []));
  const ids = new Set(decisions.map(({ table }) => table));
  const built = new Map<string, { readonly history: TableRows; readonly baseline: TableRows }>();
  for (const { first } of twins) {
    const { table } = first;
    if (!ids.has(table.id) && !identities.has(table.identity)) continue;
    const volatile = new Set(decisions.filter((each) => each.table === table.id).map(({ column }) => column));
    built.set(table.identity, { history: first, baseline: await readRows(client, table, volatile) });
  }
  return built;
}

type BuiltRows = ReadonlyMap<string, { readonly history: TableRows; readonly baseline: TableRows }>;

function heldDifferences(
  decision: Decision,
  { first, second }: TwinRows,
  rows: BuiltRows,
  window: Window,
): readonly ProofDifference[] {
  const { table } = first;
  const at = table.columns.findIndex(({ name }) => name === decision.column);
  const built = rows.get(table.identity)?.baseline.rows ?? [];
  const type = table.columns[at]?.type ?? '';
  const reference = decision.target === undefined ? null : referenceCheck(decision, table, rows);
  const flaws = first.rows.flatMap((row, number): readonly string[] => {
    const [was, other, is] = [
      row[at] ?? null,
      second.rows[number]?.[at] ?? null,
      built[number]?.[at] ?? null,
    ];
    const place = rowName(table, row, new Set([decision.column])) ?? `row ${number + 1}`;
    if (was === other)
      return was === is ? [] : [`${place} has another value, though it is the same in every replay`];
    if (was === null || other === null) return [];
    if (is === null) return [`${place} is NULL`];
    if (decision.ruling === 'now' && timeKind(type, is, is, [window, window]) !== 'now')
      return [`${place} is not the time of the run`];
    return reference?.(number, is) === false ? [`${place} leads to another row`] : [];
  });
  if (flaws.length === 0) return [];
  const detail = `${quoteIdent(decision.column)}, ruled "${decision.ruling}": ${flaws.slice(0, 3).join('; ')}`;
  return [{ object: table.id, change: 'rows', detail }];
}

/** Whether a reference leads to the row with the same place in its table as the history's does. */
function referenceCheck(
  { target }: Decision,
  table: StoredTable,
  rows: BuiltRows,
): (number: number, value: string) => boolean {
  const there = rows.get(target?.table ?? '');
  const own = rows.get(table.identity);
  if (target === undefined || there === undefined || own === undefined) return () => true;
  const place = (of: StoredTable, name: string): number => of.columns.findIndex((each) => each.name === name);
  const wanted = place(there.history.table, target.column);
  const matches = (from: Row, to: Row): boolean =>
    target.match.every(([name, other]) => from[place(table, name)] === to[place(there.history.table, other)]);
  return (number, value) => {
    const row = own.history.rows[number] ?? [];
    const index = there.history.rows.findIndex((candidate) => matches(row, candidate));
    return index < 0 || there.baseline.rows[index]?.[wanted] === value;
  };
}

/** A column that was left to its default in every row of a file has a value in every row. */
async function copiedDifferences(
  client: Client,
  files: readonly RowsFile[],
  decisions: readonly Decision[],
): Promise<readonly ProofDifference[]> {
  const differences: ProofDifference[] = [];
  for (const { table } of files) {
    for (const { column, ruling } of decisions.filter((each) => each.table === table.id)) {
      const { rows } = await client.query<{ nulls: number }>(
        `SELECT count(*)::int AS nulls FROM ONLY ${table.identity} WHERE ${quoteIdent(column)} IS NULL`,
      );
      const nulls = rows[0]?.nulls ?? 0;
      if (nulls === 0) continue;
      const detail = `${quoteIdent(column)}, ruled "${ruling}": ${nulls} rows are NULL`;
      differences.push({ object: table.id, change: 'rows', detail });
    }
  }
  return differences;
}
