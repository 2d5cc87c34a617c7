import type { ClientConfig } from 'pg';
import { compareCatalogs } from '../catalog/compare.js';
import type { Catalog, CatalogObject } from '../catalog/model.js';
import { type Queryable, withClient } from '../database/client.js';
import { raiseFence } from '../database/fence.js';
import { useSearchPath } from '../rows/session.js';
import { type Mutation, mutationsOf } from './mutations.js';
import { type Reading, readCatalogBeside } from './observe.js';

/** One object was changed on a shadow, and the comparison looked for it. */
export interface MutationTrial {
  readonly kind: string;
  readonly object: string;
  readonly what: string;
  readonly statement: string;
  /** Whether the comparison found that object to differ. */
  readonly seen: boolean;
}

/** What was tried within the time given, and how many changes were not. */
export interface Trials {
  readonly tried: readonly MutationTrial[];
  readonly left: number;
}

/** So many objects of a kind are tried until one can be changed. */
const attempts = 20;

/**
 * For each kind that a catalog has, removes one object and alters it in every way that
 * proof/mutations.ts knows, each in a transaction that is rolled back, and tells whether comparing
 * would have found it. Each trial reads all objects of its kind anew, so a big catalog has time for fewer.
 *
 * @param connection the database that `catalog` was read from.
 * @param patience milliseconds after which no further trial begins.
 */
export async function tryMutations(
  connection: ClientConfig,
  catalog: Catalog,
  reading: Reading,
  patience = Number.POSITIVE_INFINITY,
): Promise<Trials> {
  const deadline = performance.now() + patience;
  return withClient(connection, async (client) => {
    const trials: MutationTrial[] = [];
    const groups = candidatesOf(catalog);
    for (const [at, candidates] of groups.entries()) {
      if (performance.now() > deadline) return { tried: trials, left: groups.length - at };
      for (const candidate of candidates.slice(0, attempts)) {
        const seen = await tryOne(client, catalog, reading, candidate);
        if (seen === null) continue;
        const { object, what, statement } = candidate;
        trials.push({ kind: object.kind, object: object.id, what, statement, seen });
        break;
      }
    }
    return { tried: trials, left: 0 };
  });
}

interface Candidate extends Mutation {
  readonly object: CatalogObject;
}

/** The mutations of all objects, grouped by kind and by what they touch. */
function candidatesOf(catalog: Catalog): readonly (readonly Candidate[])[] {
  const groups = new Map<string, Candidate[]>();
  for (const object of catalog.objects) {
    for (const mutation of mutationsOf(object)) {
      const key = `${object.kind} ${mutation.what}`;
      const group = groups.get(key) ?? [];
      groups.set(key, group);
      if (group.length < attempts) group.push({ object, ...mutation });
    }
  }
  // Where time is short, each kind has its first change tried before any has its second.
  const turns = new Map<string, number>();
  const turnOf = (kind: string): number => {
    const turn = turns.get(kind) ?? 0;
    turns.set(kind, turn + 1);
    return turn;
  };
  return [...groups.values()]
    .map((group) => ({ group, turn: turnOf(group[0]?.object.kind ?? '') }))
    .sort((a, b) => a.turn - b.turn)
    .map(({ group }) => group);
}

/** Null where the server doesn't take the statement: the next object of that kind may do. */
async function tryOne(
  client: Queryable,
  catalog: Catalog,
  reading: Reading,
  { object, statement }: Candidate,
): Promise<boolean | null> {
  await client.query('BEGIN');
  try {
    await useSearchPath(client, reading.searchPath);
    const done = await client.query(statement).then(
      () => true,
      () => false,
    );
    if (!done) return null;
    await client.query(raiseFence);
    // A check that was added to a domain is an object of its own.
    const only = object.kind === 'domain' ? ['domain', 'constraint'] : [object.kind];
    const found = await readCatalogBeside(client, reading.ledger, only);
    const expected = { ...catalog, objects: catalog.objects.filter(({ kind }) => only.includes(kind)) };
    return compareCatalogs(expected, found).some(({ id }) => id === object.id || isMember(id, object));
  } finally {
    await client.query('ROLLBACK');
  }
}

/** A check that was added to a domain is an object of its own. */
function isMember(id: string, { identity }: CatalogObject): boolean {
  return id.endsWith(` ON DOMAIN ${identity}`);
}
