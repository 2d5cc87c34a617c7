import { join } from 'node:path';
import type { Client } from 'pg';
import type { RowSettings } from '../settings/rows.js';
import type { RowsFile } from './copy.js';
import { readDefaultFacts } from './defaults.js';
import { readDigests, type TableDigest } from './digest.js';
import type { Evidence } from './evidence.js';
import { gatherEvidence } from './gather.js';
import { type HeldRows, holdRows, type Replayed } from './hold.js';
import { type KeyColumns, keyColumns } from './keys.js';
import { writeRowsFile } from './rows-file.js';
import { rule } from './rule.js';
import { refuseBadRulings, refuseMissingExpressions } from './ruling-names.js';
import { type Selection, selectTables } from './select.js';
import { withRows } from './session.js';
import type { StoredTable } from './tables.js';
import { unruledError } from './unruled.js';
import { type Decision, ignoredColumns, type TwinRows } from './volatile.js';

export interface CarryInput {
  readonly tables: readonly StoredTable[];
  readonly replays: readonly [Replayed, Replayed];
  readonly searchPath: string;
  readonly settings: RowSettings;
  /** Where files of rows are written. */
  readonly folder: string;
}

/** The rows that a baseline carries, each table in one of two ways. */
export interface CarriedRows extends Selection {
  /** Tables that are written as INSERTs, with their rows. */
  readonly twins: readonly TwinRows[];
  /** Tables that are copied from a file. */
  readonly files: readonly RowsFile[];
  readonly decisions: readonly Decision[];
  /** Digests of the carried tables that have rows, without the columns that differ by nature. */
  readonly steadyDigests: readonly TableDigest[];
}

/**
 * Reads the rows to carry from the first replay and rules what differs in the second.
 *
 * @throws SquashError HISTORY_UNSTABLE where rows are too many, too few or paired otherwise;
 *   VOLATILE_UNRULED; SETTINGS_INVALID for a table or column that isn't there.
 */
export async function carryRows({
  tables,
  replays,
  searchPath,
  settings,
  folder,
}: CarryInput): Promise<CarriedRows> {
  const selection = selectTables(tables, replays[0].digests, settings);
  refuseBadRulings(settings, tables);
  const { carried } = selection;
  const keys = keyColumns(carried);
  return withRows(replays[0].shadow, searchPath, carried, (one) =>
    withRows(replays[1].shadow, searchPath, carried, async (two) => {
      const held = await holdRows({ one, two }, carried, replays, settings);
      const windows = [replays[0].window, replays[1].window] as const;
      const evidence = await gatherEvidence({ one, two }, held, keys, windows);
      const decisions = await decide(one, carried, held, evidence, keys, settings);
      return {
        ...selection,
        twins: held.twins,
        files: await writeFiles(one, held.big, decisions, folder),
        decisions,
        steadyDigests: await steadyDigests(one, carried, replays[0].digests, decisions),
      };
    }),
  );
}

async function decide(
  client: Client,
  tables: readonly StoredTable[],
  { twins }: HeldRows,
  evidence: ReadonlyMap<string, Evidence>,
  keys: KeyColumns,
  settings: RowSettings,
): Promise<readonly Decision[]> {
  const defaults = await readDefaultFacts(client, [...evidence.values()]);
  const held = new Map(twins.map(({ first }) => [first.table.identity, first]));
  const { decisions, unruled } = rule({ evidence, tables, held, defaults, keys, settings });
  if (unruled.length > 0) throw unruledError(unruled);
  refuseMissingExpressions(twins, decisions);
  return decisions;
}

async function writeFiles(
  client: Client,
  tables: readonly StoredTable[],
  decisions: readonly Decision[],
  folder: string,
): Promise<readonly RowsFile[]> {
  const files: RowsFile[] = [];
  for (const [n, table] of tables.entries()) {
    files.push(await writeRowsFile(client, table, decisions, join(folder, `rows-${n}.copy.gz`)));
  }
  return files;
}

async function steadyDigests(
  client: Client,
  carried: readonly StoredTable[],
  digests: readonly TableDigest[],
  decisions: readonly Decision[],
): Promise<readonly TableDigest[]> {
  const ignored = ignoredColumns(decisions);
  const ids = new Set(carried.map(({ id }) => id));
  const again = await readDigests(
    client,
    carried.filter(({ id }) => ignored.has(id)),
    (table) => ignored.get(table) ?? new Set(),
  );
  const steady = new Map(again.map((digest) => [digest.table, digest]));
  return digests.filter(({ table }) => ids.has(table)).map((digest) => steady.get(digest.table) ?? digest);
}
