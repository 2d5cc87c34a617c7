import { kindOf } from '../catalog/kinds/index.js';
import type { Catalog, CatalogObject } from '../catalog/model.js';
import { readCatalog } from '../catalog/read.js';
import type { Queryable } from '../database/client.js';
import { raiseFence } from '../database/fence.js';
import { quoteIdent } from '../database/sql.js';
import { SquashError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import { type Attempt, type Failure, inRounds, isWaiting, needsRebuild } from './attempt.js';
import { goneWith, withDependants } from './dependants.js';
import { aspectsAgain, privilegesAgain } from './restore.js';
import { inPlace, transactionWord } from './text.js';
import { unexpectedDifferences } from './verify.js';

/** A text that defines one object. */
export interface Definition {
  /** What is named when it fails: its file. */
  readonly label: string;
  readonly kind: string;
  readonly text: string;
  /** Id of the object whose definition it is; null where there is none yet. */
  readonly target: string | null;
}

export interface Replacement {
  readonly definitions: readonly Definition[];
  /** Ids of objects to drop. */
  readonly drops: readonly string[];
  /** Ids of the objects that definitions without a target have made, among all that there are afterwards. */
  readonly made: (after: Catalog) => readonly string[];
  /** The migration tool's own tables, as SQL writes them, the ledger first. */
  readonly ledger: readonly string[];
}

/** What was done. */
export interface Replaced {
  readonly before: Catalog;
  readonly after: Catalog;
  /** Ids of the objects that were dropped and made again since they depend on what changed. */
  readonly rebuilt: readonly string[];
}

/** What the parts of a replacement share. */
interface Work {
  readonly client: Queryable;
  readonly ledger: readonly string[];
  /** The role that everything is done as, quoted. */
  readonly role: string;
}

/**
 * Gives objects other definitions, within the transaction that `client` is in. What the server can't
 * replace in place is dropped with all that depends on it and made again in order, each with its owner,
 * comments, labels, grants, indexes, triggers and contents. In the end the whole catalog is compared
 * with what it was: nothing else may have changed.
 *
 * @throws SquashError OBJECT_IN_USE when a dependant can't be made again, OBJECT_FILE_INVALID. The
 *   transaction has to be rolled back then.
 */
export async function replaceObjects(client: Queryable, replacement: Replacement): Promise<Replaced> {
  const { definitions, drops, ledger } = replacement;
  refuseTransactions(definitions);
  const caller = await currentRole(client);
  const work: Work = { client, ledger, role: (await ownerOf(client, ledger[0])) ?? caller };
  if (work.role !== caller) await client.query(`SET LOCAL ROLE ${work.role}`);
  const before = await readWithin(work);
  const attempts = new Map(definitions.map((definition) => [attemptInPlace(work, definition), definition]));
  const failures = await inRounds(client, [...attempts.keys()]);
  const later = failures.map((failure) => ({
    failure,
    definition: attempts.get(failure.attempt) as Definition,
  }));
  const hopeless = later.find(
    ({ failure: { error } }) => !needsRebuild(error) && !(isWaiting(error) && later.length > 1),
  );
  if (hopeless !== undefined) throw fileFailed(hopeless.definition, hopeless.failure.error);
  const rebuilt = await rebuild(work, before, later, drops);
  const after = await readWithin(work);
  const targets = definitions.flatMap(({ target }) => target ?? []);
  const touched = new Set([...targets, ...drops, ...replacement.made(after)]);
  refuseUnexpected(before, after, touched, new Set(rebuilt));
  if (work.role !== caller) await client.query(`SET LOCAL ROLE ${caller}`);
  return { before, after, rebuilt: rebuilt.filter((id) => !touched.has(id)) };
}

/** Something that a definition alone can't do. */
interface Later {
  readonly failure: Failure;
  readonly definition: Definition;
}

function attemptInPlace({ client }: Work, { label, kind, text, target }: Definition): Attempt {
  const replacing = target === null ? text : inPlace(kind, text);
  return {
    label,
    run: async () => {
      if (replacing === null) throw new NeedsRebuild();
      await client.query(replacing);
    },
  };
}

/** The kind of object can't be replaced in place; told like the server's own refusal. */
class NeedsRebuild extends Error {
  readonly code = '42P16';
}

async function rebuild(
  work: Work,
  before: Catalog,
  later: readonly Later[],
  drops: readonly string[],
): Promise<readonly string[]> {
  if (later.length === 0 && drops.length === 0) return [];
  const { client } = work;
  // What was replaced in place may depend on other things than before.
  const now = await readWithin(work);
  const texts = new Map(
    later.flatMap(({ definition }) =>
      definition.target === null ? [] : [[definition.target, definition] as const],
    ),
  );
  const members = withDependants(now, [...texts.keys(), ...drops]);
  const gone = goneWith(now, drops, [...texts.keys()]);
  for (const object of [...members].reverse()) {
    const statement = kindOf(object).drop(object);
    if (statement === null) continue;
    await client.query(statement).catch((error: unknown) => {
      throw notDropped(object, error);
    });
  }
  failpoint('objects.dropped');
  const hasDefaults = now.objects.some(({ kind }) => kind === 'default privileges');
  const old = new Map(before.objects.map((object) => [object.id, object]));
  const makings = members
    .filter(({ id }) => !gone.has(id))
    .map((object): Attempt => {
      const definition = texts.get(object.id);
      const label = definition?.label ?? object.id;
      return definition === undefined
        ? { label, run: () => makeAgain(work, object, hasDefaults) }
        : { label, run: () => makeAnew(work, old.get(object.id) ?? object, definition) };
    });
  const newOnes = later
    .filter(({ definition }) => definition.target === null)
    .map(({ failure }) => failure.attempt);
  const [failure] = await inRounds(client, [...makings, ...newOnes]);
  if (failure !== undefined) throw notBuilt(failure, [...texts.values()]);
  return members.map(({ id }) => id).filter((id) => !gone.has(id));
}

/** An object as it was: its statements, what belongs to it, its contents. */
async function makeAgain(work: Work, object: CatalogObject, hasDefaults: boolean): Promise<void> {
  const { client } = work;
  for (const statement of kindOf(object).create(object, [])) await client.query(statement);
  const fresh = { ...object, attributes: plain(object) };
  for (const statement of aspectsAgain(object, fresh)) await client.query(statement);
  await grant(work, privilegesAgain(object, hasDefaults ? await find(work, object) : fresh));
  await fill(work, object, fresh);
}

/** An object by its new definition, with what belonged to the old one. */
async function makeAnew(work: Work, old: CatalogObject, { label, text }: Definition): Promise<void> {
  const { client } = work;
  await client.query(text);
  const fresh = await find(work, old).catch(() => null);
  if (fresh === null) {
    throw new SquashError('OBJECT_FILE_INVALID', `${label} does not define ${old.id}`, {
      hint: 'Nothing was changed. Define that object in it; a new object has a file of its own.',
    });
  }
  for (const statement of aspectsAgain(old, fresh)) await client.query(statement);
  const ownsGrants = /\b(GRANT|REVOKE)\b/i.test(text);
  if (!ownsGrants) await grant(work, privilegesAgain(old, await find(work, old)));
  await fill(work, old, fresh);
}

async function grant({ client, role }: Work, statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    // Grants that others gave end with RESET ROLE, which would leave the role that all is done as.
    await client.query(statement === 'RESET ROLE' ? `SET LOCAL ROLE ${role}` : statement);
  }
}

/** A materialized view that had rows has rows again. */
async function fill({ client }: Work, old: CatalogObject, fresh: CatalogObject): Promise<void> {
  const isEmptied = old.attributes.populated === true && fresh.attributes.populated !== true;
  if (isEmptied) await client.query(`REFRESH MATERIALIZED VIEW ${old.identity}`);
}

/** The attributes that an object has when only its own statements have run. */
function plain({ attributes }: CatalogObject): CatalogObject['attributes'] {
  const { columns, ...rest } = attributes;
  const kept = Object.entries(rest).filter(
    ([name]) => !/^(grants|comment|owner|label |populated)/.test(name),
  );
  return { ...Object.fromEntries(kept), ...(columns === undefined ? {} : { columns }) };
}

async function find(work: Work, { id, kind }: CatalogObject): Promise<CatalogObject> {
  const { objects } = await readWithin(work, [kind]);
  const found = objects.find((object) => object.id === id);
  if (found === undefined) throw new Error(`${id} is not there`);
  return found;
}

/** Reads the catalog behind a savepoint, so that the fence is down again afterwards. */
export async function readWithin(
  { client, ledger }: Pick<Work, 'client' | 'ledger'>,
  only?: readonly string[],
): Promise<Catalog> {
  await client.query(`SAVEPOINT knex_squash_read;\n${raiseFence}`);
  const catalog = await readCatalog(client, {
    ledger,
    isLenient: true,
    ...(only === undefined ? {} : { only }),
  });
  await client.query('ROLLBACK TO SAVEPOINT knex_squash_read; RELEASE SAVEPOINT knex_squash_read');
  return catalog;
}

async function currentRole(client: Queryable): Promise<string> {
  const { rows } = await client.query<{ role: string }>('SELECT current_user AS role');
  return quoteIdent(rows[0]?.role ?? '');
}

/** The catalog's CURRENT_USER is the owner of the ledger. */
async function ownerOf(client: Queryable, table: string | undefined): Promise<string | null> {
  const { rows } = await client.query<{ role: string }>(
    `SELECT r.rolname AS role FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
      WHERE c.oid = to_regclass($1)`,
    [table ?? ''],
  );
  return rows[0] === undefined ? null : quoteIdent(rows[0].role);
}

function refuseUnexpected(
  before: Catalog,
  after: Catalog,
  touched: ReadonlySet<string>,
  rebuilt: ReadonlySet<string>,
): void {
  const unexpected = unexpectedDifferences(before, after, { touched, rebuilt });
  if (unexpected.length === 0) return;
  const names = unexpected.map(({ id, change, attributes }) =>
    change === 'changed' ? `${id} (${attributes.map(({ name }) => name).join(', ')})` : `${id} (${change})`,
  );
  throw new SquashError('OBJECT_FILE_INVALID', `more would change than was meant: ${names.join(', ')}`, {
    hint: "Nothing was changed. An object's file holds its own definition; all else belongs into a migration.",
  });
}

/** What a COMMIT has written can't be taken back any more. */
function refuseTransactions(definitions: readonly Definition[]): void {
  for (const { label, text } of definitions) {
    const word = transactionWord(text);
    if (word === null) continue;
    throw new SquashError('OBJECT_FILE_INVALID', `${label} says ${word}, but runs within a transaction`, {
      hint: 'Nothing was changed. Take it out: all files are applied together or not at all.',
    });
  }
}

function fileFailed({ label }: Pick<Definition, 'label'>, error: unknown): SquashError {
  return new SquashError('OBJECT_FILE_INVALID', `${label} can't be applied: ${messageOf(error)}`, {
    hint: 'Nothing was changed.',
    cause: error,
  });
}

function notDropped({ id }: CatalogObject, error: unknown): SquashError {
  return new SquashError('OBJECT_IN_USE', `${id} can't be dropped: ${messageOf(error)}`, {
    hint: 'Nothing was changed.',
    cause: error,
  });
}

function notBuilt({ attempt, error }: Failure, changed: readonly Definition[]): SquashError {
  if (error instanceof SquashError) return error;
  if (changed.some(({ label }) => label === attempt.label)) return fileFailed(attempt, error);
  return new SquashError(
    'OBJECT_IN_USE',
    `${attempt.label} no longer builds on ${changed.map(({ label }) => label).join(', ')}: ${messageOf(error)}`,
    { hint: 'Nothing was changed. Change its definition as well, or keep what it needs.', cause: error },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
