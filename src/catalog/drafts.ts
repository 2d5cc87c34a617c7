import type { Queryable } from '../database/client.js';
import type { AspectRows } from './aspects/attach.js';
import { commentsQuery } from './aspects/comments.js';
import { dependenceQuery } from './aspects/dependence.js';
import { grantsQuery } from './aspects/grants.js';
import { labelsQuery } from './aspects/labels.js';
import { type DependRow, dependsQuery, type Links, linked } from './depends.js';
import { type Address, address, type Found, type Kind, type KindRow, type ReadScope } from './kind.js';
import { kinds } from './kinds/index.js';
import { type UserRows, userRowsQuery } from './unclaimed.js';

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

/** An object on its way into the model. */
export interface Draft {
  readonly id: string;
  readonly kind: Kind;
  readonly found: Found;
  readonly own: readonly Address[];
  readonly owner: string | null;
}

/** What the server is asked for, and what its answers are read with. */
export interface Session {
  readonly scope: ReadScope;
  readonly roles: ReadonlyMap<number, string>;
}

/** What is said of objects of all kinds. */
export interface Facts extends AspectRows {
  readonly depends: readonly DependRow[];
  readonly userRows: readonly UserRows[];
}

/** The rows of all kinds and of what is said of them; while the server works on one part, the last is made use of here. */
export async function readDrafts(
  client: Queryable,
  session: Session,
  only: readonly string[] | undefined,
): Promise<{ readonly facts: Facts; readonly links: Links; readonly drafts: readonly Draft[] }> {
  const read = only === undefined ? kinds : kinds.filter(({ name }) => only.includes(name));
  const before = read.filter(({ rank }) => rank < halfway);
  const after = read.filter(({ rank }) => rank >= halfway);
  const ask = (some: readonly Kind[]): Promise<readonly Rows[]> =>
    answers(
      client,
      some.map((kind) => kind.query(session.scope)),
    );
  const draftsOf = (some: readonly Kind[], rows: readonly Rows[]): readonly Draft[] =>
    some.flatMap((kind, at) => (rows[at] as readonly KindRow[]).map((row) => draft(kind, row, session)));
  const facts = await readFacts(client, session.scope, only === undefined);
  const [first, links] = await meanwhile(ask(before), () => linked(facts.depends));
  const [second, drafts] = await meanwhile(ask(after), () => draftsOf(before, first));
  return { facts, links, drafts: [...drafts, ...draftsOf(after, second)] };
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
  if (statements.length === 0) return [];
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

export async function readSession(
  client: Queryable,
  { ledger, namesOwners = false }: ReadOptions,
): Promise<Session> {
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

/** In the place of a query whose answer isn't wanted. */
const nothing = 'SELECT WHERE false';
