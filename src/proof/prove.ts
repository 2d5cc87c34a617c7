import type { ClientConfig } from 'pg';
import { canonicalDifferences } from '../catalog/canonical.js';
import type { Difference } from '../catalog/compare.js';
import { type Queryable, withClient } from '../database/client.js';
import type { LedgerSettings } from '../history/ledger.js';
import { carriedPositions } from '../rows/positions.js';
import { ignoredColumns, type Window } from '../rows/volatile.js';
import type { ProofDifference } from './difference.js';
import { type Observation, observe, readCatalogBeside } from './observe.js';
import type { Replays } from './replays.js';
import { positionDifferences, rowDifferences, unmarkedDifferences, viewDifferences } from './rows.js';
import { compareViews, refreshViews } from './views.js';
import { volatileDifferences } from './volatile-cells.js';

/** The outcome of comparing the two databases. */
export interface Proof {
  readonly equal: boolean;
  readonly objects: number;
  readonly tables: number;
  /** Rows that were compared. */
  readonly rows: number;
  readonly sequences: number;
  readonly differences: readonly ProofDifference[];
  /** Materialized views that the history left behind their tables: the baseline fills them anew. */
  readonly staleViews: readonly string[];
}

/** What is compared, and the session on which texts are parsed again. */
export interface ProofInput {
  readonly replays: Pick<Replays, 'first' | 'second' | 'searchPath' | 'history' | 'again' | 'rows' | 'views'>;
  /** The database that the baseline built. */
  readonly connection: ClientConfig;
  /** When it was built; null where that doesn't matter. */
  readonly window: Window | null;
  readonly ledger: LedgerSettings;
}

/** Reads the baseline's database and compares catalog, rows, materialized views and sequences of both. */
export async function prove(
  input: ProofInput,
): Promise<{ readonly proof: Proof; readonly built: Observation }> {
  const { replays, connection, ledger } = input;
  const { history, rows, searchPath } = replays;
  const leftOut = new Map([...ignoredColumns(rows.decisions), ...replays.views.volatile]);
  const built = await observe(connection, { ledger, searchPath }, leftOut);
  const catalog = await withClient(connection, (client) => catalogDifferences(client, input, built));
  const views = await compareContents(input, built);
  const differences = [
    ...catalog.map(describe),
    ...(await rowDifferences(
      { expected: replays.first, found: connection, searchPath },
      rows,
      built.digests,
      history.tables,
    )),
    ...(await cellDifferences(input)),
    ...views.differences,
    ...unmarkedDifferences([history.unmarkedDigests, replays.again.unmarkedDigests], built.unmarkedDigests),
    ...positionDifferences(
      carriedPositions(history.sequences, history.catalog, rows),
      carriedPositions(built.sequences, history.catalog, rows),
    ),
  ];
  const proof = {
    equal: differences.length === 0,
    objects: history.catalog.objects.length,
    tables: history.tables.length,
    rows: rows.steadyDigests.reduce((sum, digest) => sum + digest.rows, 0),
    sequences: history.sequences.length,
    differences,
    staleViews: views.stale,
  };
  return { proof, built };
}

async function cellDifferences({
  replays,
  connection,
  window,
}: ProofInput): Promise<readonly ProofDifference[]> {
  if (window === null) return [];
  return volatileDifferences({ shadow: connection, searchPath: replays.searchPath, window }, replays.rows);
}

/** What materialized views hold; where rows are left out they can't hold the same. */
async function compareContents(
  { replays, connection, ledger }: ProofInput,
  built: Observation,
): Promise<{ readonly differences: readonly ProofDifference[]; readonly stale: readonly string[] }> {
  const { history, again, first, second, searchPath } = replays;
  if (replays.rows.leftOut.length > 0) return { differences: [], stale: [] };
  const differing = viewDifferences(replays.views.steady, built.viewDigests);
  if (differing.length === 0) return { differences: [], stale: [] };
  const fresh = await Promise.all([
    refreshViews(first, searchPath, history),
    refreshViews(second, searchPath, again),
  ]).catch(() => null);
  if (fresh === null) return { differences: differing, stale: [] };
  const [one, two] = fresh;
  const { volatile, steady } = await compareViews(replays, one, two, history.views);
  const { viewDigests } = await observe(connection, { ledger, searchPath }, volatile);
  const differences = viewDifferences(steady, viewDigests);
  const remaining = new Set(differences.map(({ object }) => object));
  return {
    differences,
    stale: differing.map(({ object }) => object).filter((object) => !remaining.has(object)),
  };
}

async function catalogDifferences(
  client: Queryable,
  { replays, ledger }: ProofInput,
  built: Observation,
): Promise<readonly Difference[]> {
  await client.query(`SELECT set_config('search_path', $1, false)`, [replays.searchPath]);
  return canonicalDifferences(client, replays.history.catalog, built.catalog, () =>
    readCatalogBeside(client, ledger),
  );
}

function describe({ id, change, attributes }: Difference): ProofDifference {
  const detail =
    change === 'missing'
      ? 'the history makes it, the baseline does not'
      : change === 'extra'
        ? 'the baseline makes it, the history does not'
        : attributes
            .map(({ name, expected, found }) => `${name}: expected ${short(expected)}, found ${short(found)}`)
            .join('; ');
  return { object: id, change, detail };
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
