import type { Queryable } from '../database/client.js';
import { SquashError } from '../errors.js';
import { attachAspects, publicSchemaAspects, type Stray } from './aspects/attach.js';
import { type Resolution, resolution } from './depends.js';
import { type Draft, type ReadOptions, readDrafts, readSession } from './drafts.js';
import { type Address, address, type ReadScope } from './kind.js';
import { type Attributes, attributes, byCodePoint, type Catalog, type CatalogObject } from './model.js';
import { namesakes, sequenceMakers } from './namesakes.js';
import { addressesOf, describeQuery, type UserRows } from './unclaimed.js';

/**
 * Reads the whole catalog in four round trips, whatever its size. The session must be fenced
 * (`withSnapshot`), so that all is of one moment and deparses alike.
 *
 * @throws SquashError OBJECT_UNSUPPORTED that names every object which no kind claims.
 */
export async function readCatalog(client: Queryable, options: ReadOptions): Promise<Catalog> {
  return (await readAddressed(client, options)).catalog;
}

/** A catalog, and where each of its objects lies in the system catalogs: an object that was made anew lies elsewhere. */
export interface AddressedCatalog {
  readonly catalog: Catalog;
  /** By id. */
  readonly addresses: ReadonlyMap<string, Address>;
}

/** As {@link readCatalog}, with addresses. */
export async function readAddressed(client: Queryable, options: ReadOptions): Promise<AddressedCatalog> {
  const session = await readSession(client, options);
  const { facts, links: unclaimed, drafts } = await readDrafts(client, session, options.only);
  const links = resolution(unclaimed, claimed(drafts, session.scope));
  const isComplete = options.only === undefined && options.isLenient !== true;
  if (isComplete) await refuseUnclaimed(client, facts.userRows, links);
  const aspects = attachAspects(drafts, facts);
  if (isComplete) await refuseStrays(client, aspects.strays, links);
  const makers = sequenceMakers(drafts);
  const objects = drafts.map((entry) => complete(entry, links, aspects.attributes.get(entry.id), makers));
  const major = Math.floor(session.scope.version / 10000);
  return {
    catalog: { major, objects: objects.sort((a, b) => byCodePoint(a.id, b.id)) },
    addresses: new Map(drafts.flatMap(({ id, own: [first] }) => (first === undefined ? [] : [[id, first]]))),
  };
}

/** The id that a ledger's own rows resolve to; no object bears it. */
const ledgerId = 'ledger';

function claimed(drafts: readonly Draft[], scope: ReadScope): ReadonlyMap<Address, string> {
  const claims = new Map<Address, string>(scope.ledger.map((oid) => [address('pg_class', oid), ledgerId]));
  for (const entry of drafts) for (const key of entry.own) claims.set(key, entry.id);
  return claims;
}

async function refuseUnclaimed(
  client: Queryable,
  rows: readonly UserRows[],
  links: Resolution,
): Promise<void> {
  const unclaimed = addressesOf(rows).filter((key) => links.resolve(key) === null);
  if (unclaimed.length > 0) throw unsupported(await descriptions(client, unclaimed));
}

/** What is said of a part of an object that has no statement for it; an extension says what it likes of its own. */
async function refuseStrays(client: Queryable, strays: readonly Stray[], links: Resolution): Promise<void> {
  const ofUsers = strays.filter(({ address: key }) => {
    const id = links.resolve(key);
    return id !== null && id !== ledgerId && !id.startsWith('extension ');
  });
  if (ofUsers.length === 0) return;
  const names = ofUsers.map(
    async ({ address: key, name }) => `the ${name} of ${await descriptions(client, [key])}`,
  );
  throw unsupported(await Promise.all(names));
}

async function descriptions(client: Queryable, addresses: readonly Address[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ description: string }>(describeQuery(addresses));
  return rows.map((row) => row.description);
}

function unsupported(names: readonly string[]): SquashError {
  return new SquashError(
    'OBJECT_UNSUPPORTED',
    `the database has ${names.length === 1 ? 'an object' : `${names.length} objects`} that a baseline can't carry: ${names.join(', ')}`,
    { hint: 'Drop it in a migration, or keep the migrations that make it out of the squash with --to.' },
  );
}

function complete(
  entry: Draft,
  links: Resolution,
  aspects: Attributes | undefined,
  makers: ReadonlyMap<string, string>,
): CatalogObject {
  const { found, kind, id, owner } = entry;
  const before = namesakes(entry, makers);
  const requires = new Set([
    ...links.dependencies(entry.own, id),
    ...resolved(found.requires, entry, links),
    ...before,
  ]);
  requires.delete(ledgerId);
  const isPublic = kind.catalog === 'pg_namespace' && found.name === 'public';
  const said = isPublic ? publicSchemaAspects(aspects ?? {}) : aspects;
  return {
    kind: kind.name,
    id,
    identity: found.identity,
    schema: found.schema,
    name: found.name,
    attributes:
      said === undefined && owner === null
        ? found.attributes
        : attributes({ ...found.attributes, owner, ...said }),
    requires: sorted(requires),
    shellRequires:
      found.shell === undefined
        ? []
        : sorted(
            new Set([
              ...before,
              ...resolved(found.shell, entry, links),
              ...[...requires].filter((other) => other.startsWith('schema ')),
            ]),
          ),
    host: found.host === undefined ? null : (resolved([found.host], entry, links)[0] ?? null),
  };
}

/** Ids of the objects at these addresses, but for its own and the ledger. */
function resolved(keys: readonly Address[] = [], { id }: Draft, links: Resolution): readonly string[] {
  return keys
    .map((key) => links.resolve(key))
    .filter((other): other is string => other !== null && other !== id && other !== ledgerId);
}

function sorted(ids: ReadonlySet<string>): readonly string[] {
  return ids.size < 2 ? [...ids] : [...ids].sort(byCodePoint);
}
