import type { Queryable } from '../database/client.js';
import { SquashError } from '../errors.js';
import { attachAspects, publicSchemaAspects, type Stray } from './aspects/attach.js';
import { type CommentRow, commentsQuery } from './aspects/comments.js';
import { type DependenceRow, dependenceQuery } from './aspects/dependence.js';
import { type GrantRow, grantsQuery } from './aspects/grants.js';
import { type LabelRow, labelsQuery } from './aspects/labels.js';
import { type DependRow, dependsQuery, type Resolution, resolution } from './depends.js';
import { type Address, address, type Found, type Kind, type KindRow, type ReadScope } from './kind.js';
import { kinds } from './kinds/index.js';
import { type Attributes, attributes, byCodePoint, type Catalog, type CatalogObject } from './model.js';
import { describeQuery, userRowsQuery } from './unclaimed.js';

/** Qualified names, as SQL writes them, of the tables that belong to the migration tool. */
export interface ReadOptions {
  readonly ledger: readonly string[];
  /** Only objects of these kinds, without what they require and whether others are unclaimed: a glance. */
  readonly only?: readonly string[];
  /** Passes over what no kind claims, instead of refusing it: for who reads only what he knows. */
  readonly isLenient?: boolean;
  /** Gives every owner and role by its own name: for a copy that any role may put back, not only this one. */
  readonly namesOwners?: boolean;
}

/** In the place of a query whose answer isn't wanted. */
const nothing = 'SELECT WHERE false';

/** An object on its way into the model. */
interface Draft {
  readonly id: string;
  readonly kind: Kind;
  readonly found: Found;
  readonly own: readonly Address[];
  readonly owner: string | null;
}

/**
 * Reads the whole catalog in three round trips, whatever its size. The session must be fenced
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
  const { scope, roles } = await readScope(client, options);
  const { only, isLenient = false } = options;
  const read = only === undefined ? kinds : kinds.filter(({ name }) => only.includes(name));
  const queries = [
    ...read.map((kind) => kind.query(scope)),
    only === undefined ? dependsQuery : nothing,
    only === undefined ? userRowsQuery(scope) : nothing,
    commentsQuery,
    labelsQuery,
    grantsQuery(scope),
    dependenceQuery,
  ];
  // One simple query of many statements: pg gives an array of results.
  const results = (await client.query(queries.join(';\n'))) as unknown as readonly {
    readonly rows: readonly unknown[];
  }[];
  const rows = <T>(at: number): readonly T[] => (results[at]?.rows ?? []) as readonly T[];
  const drafts = read.flatMap((kind, at) => rows<KindRow>(at).map((row) => draft(kind, row, scope, roles)));
  const claims = claimed(drafts, scope);
  const links = resolution(rows<DependRow>(read.length), claims);
  if (!isLenient) await refuseUnclaimed(client, rows<{ address: Address }>(read.length + 1), links);
  const aspects = attachAspects(
    drafts.map(({ id, own, found }) => ({ id, own, parts: found.parts ?? {}, columns: found.columns ?? {} })),
    {
      comments: rows<CommentRow>(read.length + 2),
      labels: rows<LabelRow>(read.length + 3),
      grants: rows<GrantRow>(read.length + 4),
      dependences: rows<DependenceRow>(read.length + 5),
    },
  );
  if (only === undefined && !isLenient) await refuseStrays(client, aspects.strays, links);
  const objects = drafts.map((entry) => complete(entry, links, aspects.attributes.get(entry.id) ?? {}));
  const major = Math.floor(scope.version / 10000);
  return {
    catalog: { major, objects: objects.sort((a, b) => byCodePoint(a.id, b.id)) },
    addresses: new Map(drafts.flatMap(({ id, own: [first] }) => (first === undefined ? [] : [[id, first]]))),
  };
}

/** The oid of no role (InvalidOid). */
const nobody = 0;

async function readScope(
  client: Queryable,
  { ledger, namesOwners = false }: ReadOptions,
): Promise<{ scope: ReadScope; roles: ReadonlyMap<number, string> }> {
  const { rows } = await client.query<{
    version: number;
    ledger: number[] | null;
    owner: number;
    superuser: boolean;
    roles: [number, string][];
  }>(
    `WITH ledger AS (
       SELECT c.oid, c.relowner FROM unnest($1::text[]) WITH ORDINALITY l (name, at) JOIN pg_class c ON c.oid = to_regclass(l.name)
       ORDER BY l.at)
     SELECT current_setting('server_version_num')::int AS version, current_setting('is_superuser')::boolean AS superuser,
       (SELECT json_agg(oid::int8) FROM ledger) AS ledger,
       coalesce((SELECT relowner FROM ledger LIMIT 1), (SELECT oid FROM pg_roles WHERE rolname = current_user))::int8::int AS owner,
       (SELECT json_agg(json_build_array(oid::int8, quote_ident(rolname))) FROM pg_roles) AS roles`,
    [[...ledger]],
  );
  const row = rows[0];
  if (row === undefined) throw new Error('the server gave no row for its own settings');
  return {
    scope: {
      version: row.version,
      ledger: row.ledger ?? [],
      owner: namesOwners ? nobody : row.owner,
      superuser: row.superuser,
    },
    roles: new Map(row.roles),
  };
}

function draft(kind: Kind, row: KindRow, scope: ReadScope, roles: ReadonlyMap<number, string>): Draft {
  const found = kind.map(row);
  const owner =
    row.owner == null || row.owner === scope.owner ? null : (roles.get(row.owner) ?? `"${row.owner}"`);
  return {
    id: `${kind.name} ${found.identity}`,
    kind,
    found,
    own: [
      address(kind.catalog, row.oid),
      ...(found.also ?? []),
      ...(Object.keys(found.parts ?? {}) as Address[]),
    ],
    owner,
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
  rows: readonly { readonly address: Address }[],
  links: Resolution,
): Promise<void> {
  const unclaimed = rows.map((row) => row.address).filter((key) => links.resolve(key) === null);
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

function complete(entry: Draft, links: Resolution, aspects: Attributes): CatalogObject {
  const { found, kind, id } = entry;
  const resolved = (keys: readonly Address[]): string[] =>
    keys
      .map((key) => links.resolve(key))
      .filter((other): other is string => other !== null && other !== id && other !== ledgerId);
  const requires = new Set([...links.dependencies(entry.own, id), ...resolved(found.requires ?? [])]);
  requires.delete(ledgerId);
  const schemas = [...requires].filter((other) => other.startsWith('schema '));
  const isPublic = kind.catalog === 'pg_namespace' && found.name === 'public';
  return {
    kind: kind.name,
    id,
    identity: found.identity,
    schema: found.schema,
    name: found.name,
    attributes: attributes({
      ...found.attributes,
      owner: entry.owner,
      ...(isPublic ? publicSchemaAspects(aspects) : aspects),
    }),
    requires: [...requires].sort(byCodePoint),
    shellRequires:
      found.shell === undefined ? [] : [...new Set([...resolved(found.shell), ...schemas])].sort(byCodePoint),
    host: found.host === undefined ? null : (resolved([found.host])[0] ?? null),
  };
}
