import type { Queryable } from '../database/client.js';
import { SquashError } from '../errors.js';
import { type AspectRows, attachAspects, publicSchemaAspects, type Stray } from './aspects/attach.js';
import { commentsQuery } from './aspects/comments.js';
import { dependenceQuery } from './aspects/dependence.js';
import { grantsQuery } from './aspects/grants.js';
import { labelsQuery } from './aspects/labels.js';
import { type DependRow, dependsQuery, type Links, linked, type Resolution, resolution } from './depends.js';
import { type Address, address, type Found, type Kind, type KindRow, type ReadScope } from './kind.js';
import { kinds } from './kinds/index.js';
import { type Attributes, attributes, byCodePoint, type Catalog, type CatalogObject } from './model.js';
import { namesakes, sequenceMakers } from './namesakes.js';
import { addressesOf, describeQuery, type UserRows, userRowsQuery } from './unclaimed.js';

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
  const session = await readScope(client, options);
  const { facts, links: unclaimed, drafts } = await readRows(client, session, options.only);
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

/** What the server is asked for, and what its answers are read with. */
interface Session {
  readonly scope: ReadScope;
  readonly roles: ReadonlyMap<number, string>;
}

/** What is said of objects of all kinds. */
interface Facts extends AspectRows {
  readonly depends: readonly DependRow[];
  readonly userRows: readonly UserRows[];
}

/** The rows of all kinds and of what is said of them; while the server works on one part, the last is made use of here. */
async function readRows(
  client: Queryable,
  session: Session,
  only: readonly string[] | undefined,
): Promise<{ readonly facts: Facts; readonly links: Links; readonly drafts: readonly Draft[] }> {
  const read = only === undefined ? kinds : kinds.filter(({ name }) => only.includes(name));
  const middle = Math.max(
    0,
    read.findIndex(({ rank }) => rank >= halfway),
  );
  const ask = (some: readonly Kind[]) =>
    answers(
      client,
      some.map((kind) => kind.query(session.scope)),
    );
  const draftsOf = (some: readonly Kind[], rows: readonly Rows[]): readonly Draft[] =>
    some.flatMap((kind, at) => (rows[at] as readonly KindRow[]).map((row) => draft(kind, row, session)));
  const facts = await readFacts(client, session.scope, only === undefined);
  const [first, links] = await meanwhile(ask(read.slice(0, middle)), () => linked(facts.depends));
  const [second, drafts] = await meanwhile(ask(read.slice(middle)), () =>
    draftsOf(read.slice(0, middle), first),
  );
  return { facts, links, drafts: [...drafts, ...draftsOf(read.slice(middle), second)] };
}

/** The rank of functions: to read what comes before and what comes after takes a server about as long. */
const halfway = 70;

async function readFacts(client: Queryable, scope: ReadScope, isWhole: boolean): Promise<Facts> {
  const [depends = [], userRows = [], comments = [], labels = [], grants = [], dependences = []] =
    await answers(client, [
      isWhole ? dependsQuery : nothing,
      isWhole ? userRowsQuery(scope) : nothing,
      commentsQuery,
      labelsQuery,
      grantsQuery(scope),
      dependenceQuery,
    ]);
  return { depends, userRows, comments, labels, grants, dependences } as unknown as Facts;
}

type Rows = readonly unknown[];

/** The rows of several statements, in one round trip. */
async function answers(client: Queryable, statements: readonly string[]): Promise<readonly Rows[]> {
  // One simple query of many statements: pg gives an array of results, but one alone for one statement.
  const results = (await client.query([...statements, nothing].join(';\n'))) as unknown as readonly {
    readonly rows: Rows;
  }[];
  return statements.map((_, at) => results[at]?.rows ?? []);
}

/** Does `work` while the server is at a query. */
async function meanwhile<T, U>(query: Promise<T>, work: () => U): Promise<readonly [T, U]> {
  return Promise.all([query, Promise.resolve().then(work)]);
}

/** The oid of no role (InvalidOid). */
const nobody = 0;

async function readScope(client: Queryable, { ledger, namesOwners = false }: ReadOptions): Promise<Session> {
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

function draft(kind: Kind, row: KindRow, { scope, roles }: Session): Draft {
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
      ...(found.parts ?? []).map(([part]) => part),
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
