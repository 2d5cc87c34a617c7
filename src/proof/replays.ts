import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { compareCatalogs } from '../catalog/compare.js';
import { refuseSecrets } from '../catalog/secrets.js';
import { inSnapshot, withClient } from '../database/client.js';
import { SquashError } from '../errors.js';
import { onSession, withKnex } from '../history/connect.js';
import type { Migration } from '../history/migration.js';
import { type ReplayStep, replayHistory } from '../history/replay.js';
import type { TableDigest } from '../rows/digest.js';
import { readDigests, readRows } from '../rows/read.js';
import {
  differingColumns,
  ignoredColumns,
  rule,
  type TwinRows,
  type VolatileColumn,
} from '../rows/volatile.js';
import type { Settings } from '../settings/settings.js';
import { type Observation, observe, type Reading, useSearchPath } from './observe.js';

/** What two replays of one history show. */
export interface Replays {
  readonly history: Observation;
  readonly twins: readonly TwinRows[];
  readonly rulings: readonly VolatileColumn[];
  /** Digests of the first replay without the columns that differ by nature. */
  readonly steadyDigests: readonly TableDigest[];
  readonly searchPath: string;
  readonly steps: readonly ReplayStep[];
  /** Milliseconds of the first replay, nothing else counted. */
  readonly replayMilliseconds: number;
}

/** Where and what to replay. */
export interface ReplayTwice {
  /** Two empty shadows. */
  readonly first: ClientConfig;
  readonly second: ClientConfig;
  readonly settings: Settings;
  readonly migrations: readonly Migration[];
  /** Milliseconds that the starts of the two replays must at least lie apart. */
  readonly apart: number;
}

/**
 * Replays a history on two empty shadows and reads what it built. What differs between the two is
 * volatile, and ruled.
 *
 * @throws SquashError MIGRATION_FAILED, HISTORY_UNSTABLE naming the objects that a history builds
 *   differently each time, VOLATILE_UNRULED, OBJECT_UNSUPPORTED.
 */
export async function replayTwice(
  { first, second, settings, migrations, apart }: ReplayTwice,
  onProgress: (step: ReplayStep, replay: 1 | 2) => void,
): Promise<Replays> {
  const start = await serverTime(first);
  const began = performance.now();
  const steps = await replayHistory(first, settings, migrations, (step) => onProgress(step, 1));
  const replayMilliseconds = performance.now() - began;
  const window = { start, end: await serverTime(first) };
  const reading = {
    ledger: { ...settings.migrations, searchPath: settings.searchPath },
    searchPath: await readSearchPath(first, settings),
  };
  await withClient(first, refuseSecrets);
  const history = await observe(first, reading);
  await sleep(Math.max(0, apart - (performance.now() - began)));
  await replayHistory(second, settings, migrations, (step) => onProgress(step, 2));
  const again = await observe(second, reading);
  refuseUnsteadyCatalog(history, again);
  const volatile = differingColumns(history.digests, again.digests);
  const twins = await readTwins(first, second, history, volatile, reading);
  const rulings = rule(twins, volatile, window);
  return {
    history,
    twins,
    rulings,
    steadyDigests: await readSteadyDigests(first, history, rulings, reading),
    searchPath: reading.searchPath,
    steps,
    replayMilliseconds,
  };
}

async function serverTime(connection: ClientConfig): Promise<number> {
  const { rows } = await withClient(connection, (client) =>
    client.query<{ time: number }>(`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS time`),
  );
  return rows[0]?.time ?? 0;
}

function refuseUnsteadyCatalog(history: Observation, again: Observation): void {
  const differences = compareCatalogs(history.catalog, again.catalog);
  if (differences.length === 0) return;
  const names = differences.slice(0, 10).map(({ id, change }) => `${id} (${change})`);
  throw new SquashError(
    'HISTORY_UNSTABLE',
    `the history does not reproduce itself: after a second replay ${differences.length} objects differ: ${names.join(', ')}`,
    {
      hint: 'A migration takes a name, a default or an order from chance, time or parallel statements: make it the same each time.',
    },
  );
}

async function readTwins(
  first: ClientConfig,
  second: ClientConfig,
  history: Observation,
  volatile: ReadonlyMap<string, ReadonlySet<string>>,
  { searchPath }: Reading,
): Promise<readonly TwinRows[]> {
  const filled = new Set(history.digests.map(({ table }) => table));
  const tables = history.tables.filter((table) => filled.has(table.id));
  const readAll = (connection: ClientConfig) =>
    withClient(connection, (client) =>
      inSnapshot(client, async () => {
        await useSearchPath(client, searchPath);
        const rows = [];
        for (const table of tables)
          rows.push(await readRows(client, table, volatile.get(table.id) ?? new Set()));
        return rows;
      }),
    );
  const ones = await readAll(first);
  // Where nothing is volatile both replays wrote the same rows.
  const twos = volatile.size === 0 ? ones : await readAll(second);
  return ones.map((rows, at) => ({ first: rows, second: twos[at] ?? rows }));
}

async function readSteadyDigests(
  connection: ClientConfig,
  history: Observation,
  rulings: readonly VolatileColumn[],
  { searchPath }: Reading,
): Promise<readonly TableDigest[]> {
  const ignored = ignoredColumns(rulings);
  if (ignored.size === 0) return history.digests;
  const tables = history.tables.filter((table) => ignored.has(table.id));
  const again = await withClient(connection, (client) =>
    inSnapshot(client, async () => {
      await useSearchPath(client, searchPath);
      return readDigests(client, tables, (table) => ignored.get(table) ?? new Set());
    }),
  );
  const byTable = new Map(again.map((digest) => [digest.table, digest]));
  return history.digests.map((digest) => byTable.get(digest.table) ?? digest);
}

/** The search_path that migrations have on that database. */
export async function readSearchPath(
  connection: ClientConfig,
  settings: Pick<Settings, 'knexConfig' | 'searchPath'>,
): Promise<string> {
  return withKnex(connection, settings, (knex) =>
    onSession(knex, async (client) => {
      const { rows } = await client.query<{ search_path: string }>('SHOW search_path');
      return rows[0]?.search_path ?? '';
    }),
  );
}
