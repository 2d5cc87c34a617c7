import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { compareCatalogs } from '../catalog/compare.js';
import { refuseSecrets } from '../catalog/secrets.js';
import { changeBetween, type SurroundingsChange } from '../cluster/change.js';
import { readSurroundings } from '../cluster/surroundings.js';
import { withClient } from '../database/client.js';
import { onSession, withKnex } from '../history/connect.js';
import type { Migration } from '../history/migration.js';
import { readTexts } from '../history/prerequisites.js';
import { type ReplayStep, replayHistory } from '../history/replay.js';
import { type CarriedRows, carryRows } from '../rows/carry.js';
import { isRuledUnstable, unstableError } from '../rows/unstable.js';
import type { Window } from '../rows/volatile.js';
import type { Settings } from '../settings/settings.js';
import { datedObjects } from './dated.js';
import { type Observation, observe } from './observe.js';
import { compareViews, type ReplayedPair, type ReplayedViews } from './views.js';

/** What two replays of one history show. */
export interface Replays extends ReplayedPair {
  readonly history: Observation;
  readonly again: Observation;
  readonly rows: CarriedRows;
  readonly views: ReplayedViews;
  /** Objects that differ each time, and that the settings rule to be as the first replay has them. */
  readonly unstable: readonly string[];
  /** What the history did to roles, and to the database itself. */
  readonly surroundings: SurroundingsChange;
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
  /** Where files of rows are written. */
  readonly folder: string;
  /** Done on each shadow once the history has run. */
  readonly finish: (shadow: ClientConfig) => Promise<void>;
  /** Told what the first replay did around its database; what it throws ends the stage. */
  readonly onSurroundings: (change: SurroundingsChange) => Promise<void>;
}

/**
 * Replays a history on two empty shadows and reads what it built. What differs between the two is
 * volatile, and ruled.
 *
 * @throws SquashError MIGRATION_FAILED, HISTORY_UNSTABLE naming the objects that a history builds
 *   differently each time, VOLATILE_UNRULED, SETTINGS_INVALID, OBJECT_UNSUPPORTED.
 */
export async function replayTwice(
  { first, second, settings, migrations, apart, folder, finish, onSurroundings }: ReplayTwice,
  onProgress: (step: ReplayStep, replay: 1 | 2) => void,
): Promise<Replays> {
  const before = await withClient(first, readSurroundings);
  const began = performance.now();
  const one = await timed(first, () =>
    replayHistory(first, settings, migrations, (step) => onProgress(step, 1)),
  );
  const replayMilliseconds = performance.now() - began;
  await finish(first);
  const searchPath = await readSearchPath(first, settings);
  const reading = { ledger: { ...settings.migrations, searchPath: settings.searchPath }, searchPath };
  const surroundings = changeBetween(before, await withClient(first, readSurroundings));
  await onSurroundings(surroundings);
  await withClient(first, refuseSecrets);
  const history = await observe(first, reading);
  await sleep(Math.max(0, apart - (performance.now() - began)));
  const two = await timed(second, () =>
    replayHistory(second, settings, migrations, (step) => onProgress(step, 2)),
  );
  await finish(second);
  const again = await observe(second, reading);
  const texts = (await readTexts(migrations)).map(({ text }) => text);
  const dated = datedObjects(history.catalog.objects, [one.window.start, two.window.end], texts);
  const unstable = unsteadyObjects(history, again, dated, settings);
  const rows = await carryRows({
    tables: history.tables,
    replays: [
      { shadow: first, digests: history.digests, window: one.window },
      { shadow: second, digests: again.digests, window: two.window },
    ],
    searchPath,
    settings: settings.rows,
    folder,
  });
  const pair = { first, second, searchPath };
  const views = await compareViews(pair, history.viewDigests, again.viewDigests, history.views);
  const built = { history, again, rows, views, unstable, surroundings };
  return { ...pair, ...built, steps: one.result, replayMilliseconds };
}

/** Runs `fn`, and by the server's clock when. */
async function timed<T>(
  shadow: ClientConfig,
  fn: () => Promise<T>,
): Promise<{ readonly result: T; readonly window: Window }> {
  const start = await serverTime(shadow);
  const result = await fn();
  return { result, window: { start, end: await serverTime(shadow) } };
}

/** Milliseconds since 1970. */
export async function serverTime(connection: ClientConfig): Promise<number> {
  const { rows } = await withClient(connection, (client) =>
    client.query<{ time: number }>(`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS time`),
  );
  return rows[0]?.time ?? 0;
}

function unsteadyObjects(
  history: Observation,
  again: Observation,
  dated: readonly string[],
  { rows: { unstable } }: Settings,
): readonly string[] {
  const found = [
    ...compareCatalogs(history.catalog, again.catalog).map(({ id, change, attributes }) => ({
      object: id,
      how: {
        missing: 'is made by one replay only',
        extra: 'is made by one replay only',
        changed: `differs in ${attributes.map(({ name }) => name).join(', ')}`,
      }[change],
    })),
    ...dated.map((id) => ({ object: id, how: 'has the day of the replay in its name' })),
  ];
  const unruled = found.filter(({ object }) => !isRuledUnstable(object, unstable));
  if (unruled.length > 0) throw unstableError(unruled);
  return [...new Set(found.map(({ object }) => object))];
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
