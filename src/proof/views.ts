import type { ClientConfig } from 'pg';
import type { Catalog } from '../catalog/model.js';
import { withClient } from '../database/client.js';
import { components, type Graph, topological } from '../plan/graph.js';
import { readColumnDigests, readDigests, type TableDigest } from '../rows/digest.js';
import { withRows } from '../rows/session.js';
import type { StoredTable } from '../rows/tables.js';
import type { LeftOut, Observation } from './observe.js';

/** The contents of materialized views as two replays left them. */
export interface ReplayedViews {
  /** Columns that differ between the replays; of a view whose rows differ in number or pairing, all. */
  readonly volatile: LeftOut;
  /** After the first replay, without those columns. */
  readonly steady: readonly TableDigest[];
}

/** Two shadows on which the same history was replayed. */
export interface ReplayedPair {
  readonly first: ClientConfig;
  readonly second: ClientConfig;
  readonly searchPath: string;
}

/** Compares the materialized views that both replays have. */
export async function compareViews(
  { first, second, searchPath }: ReplayedPair,
  one: readonly TableDigest[],
  two: readonly TableDigest[],
  views: readonly StoredTable[],
): Promise<ReplayedViews> {
  const others = new Map(two.map((digest) => [digest.table, digest]));
  const own = new Map(one.map((digest) => [digest.table, digest]));
  const differing = views.filter(
    ({ id }) => others.has(id) && others.get(id)?.digest !== own.get(id)?.digest,
  );
  if (differing.length === 0) return { volatile: new Map(), steady: one };
  const columns = await Promise.all(
    [first, second].map((shadow) =>
      withRows(shadow, searchPath, [], (client) => readColumnDigests(client, differing)),
    ),
  );
  const volatile = new Map(
    differing.map(({ id, columns: all }) => {
      const names = all.map(({ name }) => name);
      const changed = names.filter((name) => columns[0]?.get(id)?.[name] !== columns[1]?.get(id)?.[name]);
      const isUneven = own.get(id)?.rows !== others.get(id)?.rows || changed.length === 0;
      return [id, new Set(isUneven ? names : changed)];
    }),
  );
  const again = await withRows(first, searchPath, [], (client) =>
    readDigests(client, differing, (id) => volatile.get(id) ?? new Set()),
  );
  const steady = new Map(again.map((digest) => [digest.table, digest]));
  return { volatile, steady: one.map((digest) => steady.get(digest.table) ?? digest) };
}

/** A populated materialized view that its own query can't fill any more. */
export interface StuckView {
  readonly id: string;
  /** What the server says of it. */
  readonly reason: string;
}

/**
 * Which materialized views hold rows that no REFRESH could give them again: a view below was replaced
 * by one that fails, or that goes in a circle. Tried in a transaction of which nothing remains.
 */
export async function stuckViews(
  shadow: ClientConfig,
  searchPath: string,
  observation: Pick<Observation, 'catalog' | 'views'>,
): Promise<readonly StuckView[]> {
  return withRows(shadow, searchPath, [], async (client) => {
    const stuck: StuckView[] = [];
    for (const { id, identity } of inOrder(observation)) {
      await client.query('SAVEPOINT knex_squash_refresh');
      try {
        await client.query(`REFRESH MATERIALIZED VIEW ${identity}`);
      } catch (error) {
        stuck.push({ id, reason: (error as Error).message });
        await client.query('ROLLBACK TO SAVEPOINT knex_squash_refresh');
      }
    }
    return stuck;
  });
}

/** Ids of the materialized views that read themselves, by views or functions: what such a one gives depends on what it held. */
export function circularViews(catalog: Catalog): readonly string[] {
  const cycles = components(dependencies(catalog, readers)).filter((ids) => ids.length > 1);
  return cycles.flat().filter((id) => id.startsWith('materialized view '));
}

/**
 * Lets the materialized views of a shadow follow their tables, as the baseline's do: those of a
 * history may have been filled before its last rows came.
 */
export async function refreshViews(
  shadow: ClientConfig,
  searchPath: string,
  observation: Pick<Observation, 'catalog' | 'views'>,
): Promise<readonly TableDigest[]> {
  await withClient(shadow, async (client) => {
    await client.query(`SELECT set_config('search_path', $1, false)`, [searchPath]);
    for (const { identity } of inOrder(observation))
      await client.query(`REFRESH MATERIALIZED VIEW ${identity}`);
  });
  return withRows(shadow, searchPath, [], (client) => readDigests(client, observation.views));
}

/** Populated materialized views, each after those that it reads. */
function inOrder({ catalog, views }: Pick<Observation, 'catalog' | 'views'>): readonly StoredTable[] {
  const populated = new Map(views.map((view) => [view.id, view]));
  // Views around a circle are in no order; what they feed comes last.
  const ids = new Set([
    ...topological(dependencies(catalog, ['view', 'materialized view'])),
    ...populated.keys(),
  ]);
  return [...ids].map((id) => populated.get(id)).filter((view) => view !== undefined);
}

/** Kinds whose objects read what they require. */
const readers = ['view', 'materialized view', 'function', 'procedure', 'aggregate', 'operator'];

/** What stands between objects of these kinds, which may form circles. */
function dependencies(catalog: Catalog, kinds: readonly string[]): Graph {
  const objects = catalog.objects.filter(({ kind }) => kinds.includes(kind));
  const known = new Set(objects.map(({ id }) => id));
  return new Map(objects.map(({ id, requires }) => [id, requires.filter((other) => known.has(other))]));
}
