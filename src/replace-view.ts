import type { Knex } from 'knex';
import type { Queryable } from './database/client.js';
import { quoteIdent } from './database/sql.js';
import { SquashError } from './errors.js';
import { onSession } from './history/connect.js';
import { locateLedger } from './history/ledger.js';
import { replaceObjects } from './objects/replace.js';

/** What was done to a view. */
export interface ReplacedView {
  /** As statements call it: `public.gene_scores`. */
  readonly view: string;
  /** Ids of the objects that depend on it and were dropped and made again as they were. */
  readonly rebuilt: readonly string[];
}

/**
 * Gives a view or materialized view another definition, whatever depends on it: dependants are dropped
 * and made again in order, and all keep their owners, grants, comments, indexes and triggers. Where
 * there is no such view it is created. For use in a migration, by stock Knex as well: it joins the
 * migration's transaction, or has one of its own.
 *
 * @param name as SQL writes it: `gene_scores`, `reports.gene_scores`, `"Odd"`; without a schema the
 *   search path decides.
 * @param sql the query, or a whole CREATE statement. A `?` in it is no placeholder.
 * @throws SquashError OBJECT_IN_USE when a dependant can't be made again, OBJECT_FILE_INVALID when the
 *   definition can't be applied. The transaction has to be rolled back then, as Knex does.
 */
export async function replaceView(knex: Knex, name: string, sql: string): Promise<ReplacedView> {
  if (!knex.isTransaction) return knex.transaction((trx) => replaceView(trx, name, sql));
  return onSession(knex, async (client) => {
    const { tableName = 'knex_migrations', schemaName = null } = (knex.client.config.migrations ??
      {}) as Knex.MigratorConfig;
    const place = await locateLedger(client, { tableName, schemaName });
    const wanted = /^CREATE\s+MATERIALIZED\s/i.test(withoutComments(sql)) ? 'materialized view' : 'view';
    const { kind, identity, isThere } = await locate(client, name, wanted);
    const id = `${kind} ${identity}`;
    const verb = kind === 'view' ? 'CREATE OR REPLACE VIEW' : 'CREATE MATERIALIZED VIEW';
    const text = /^(\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*CREATE\s/i.test(sql)
      ? sql
      : `${verb} ${identity} AS\n${sql}`;
    const { rebuilt } = await replaceObjects(client, {
      definitions: [{ label: `the new definition of ${identity}`, kind, text, target: isThere ? id : null }],
      drops: [],
      made: () => (isThere ? [] : [id]),
      ledger: Object.values(place.sql),
    });
    return { view: identity, rebuilt };
  });
}

/** What a text begins with, after its comments. */
function withoutComments(sql: string): string {
  return sql.replace(/^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/, '');
}

interface Located {
  readonly kind: 'view' | 'materialized view';
  readonly identity: string;
  readonly isThere: boolean;
}

/** @param kind what is to be made where there is nothing. */
async function locate(client: Queryable, name: string, kind: Located['kind']): Promise<Located> {
  const { rows } = await client.query<{ identity: string; relkind: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS identity, c.relkind FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)`,
    [name],
  );
  const [found] = rows;
  if (found === undefined) return { kind, identity: await qualified(client, name), isThere: false };
  if (found.relkind !== 'v' && found.relkind !== 'm') {
    throw new SquashError('OBJECT_IN_USE', `${found.identity} is no view`, {
      hint: 'Give the view another name, or drop what bears this one.',
    });
  }
  return {
    kind: found.relkind === 'v' ? 'view' : 'materialized view',
    identity: found.identity,
    isThere: true,
  };
}

async function qualified(client: Queryable, name: string): Promise<string> {
  const { rows } = await client.query<{ parts: string[]; schema: string | null }>(
    'SELECT parse_ident($1) AS parts, current_schema() AS schema',
    [name],
  );
  const parts = rows[0]?.parts ?? [];
  const [schema, bare] = parts.length === 2 ? parts : [rows[0]?.schema ?? 'public', parts[0] ?? name];
  return `${quoteIdent(schema ?? '')}.${quoteIdent(bare ?? '')}`;
}
