import { quoteIdent } from '../../database/sql.js';
import { address, type Folded, type Kind, type KindRow, type Part, userRow } from '../kind.js';
import { attributes, type CatalogObject } from '../model.js';

interface Domain {
  readonly base: string;
  readonly collation?: string;
  readonly default?: string;
  /** The literal that its base type has from CREATE TYPE, which a domain is born with. */
  readonly defaultOfBase?: string;
  /** It has none, where its base has one: a domain would be born with that. */
  readonly defaultDropped?: boolean;
  readonly notNull?: boolean;
  readonly notNullName?: string;
}

interface Row extends KindRow, Domain {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly base_oid: number;
  readonly notNullBy: { readonly oid: number; readonly name: string; readonly isUsual: boolean } | null;
}

/** Domains; their CHECKs are constraints of their own that the statement contains. */
export const domain: Kind<Row> = {
  name: 'domain',
  catalog: 'pg_type',
  rank: 32,
  title: 'Domains',
  noun: { comment: 'DOMAIN', owner: 'DOMAIN', grant: 'DOMAIN' },
  query: (scope) => `
    SELECT t.oid, n.nspname AS schema, t.typname AS name, format('%I.%I', n.nspname, t.typname) AS identity,
      t.typowner AS owner, t.typbasetype AS base_oid, format_type(t.typbasetype, t.typtypmod) AS base,
      CASE WHEN t.typcollation <> b.typcollation AND t.typcollation <> 0 THEN (
        SELECT format('%I.%I', cn.nspname, l.collname) FROM pg_collation l
        JOIN pg_namespace cn ON cn.oid = l.collnamespace WHERE l.oid = t.typcollation) END AS collation,
      pg_get_expr(t.typdefaultbin, 0) AS default, CASE WHEN t.typdefaultbin IS NULL THEN t.typdefault END AS "defaultOfBase",
      t.typdefault IS NULL AND b.typdefault IS NOT NULL AS "defaultDropped", t.typnotnull AS "notNull",
      ${
        scope.version >= 170000
          ? `(SELECT json_build_object('oid', nn.oid::int8, 'name', nn.conname,
                'isUsual', nn.conname = left(t.typname || '_not_null', 63))
              FROM pg_constraint nn WHERE nn.contypid = t.oid AND nn.contype = 'n')`
          : 'NULL'
      } AS "notNullBy"
    FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype = 'd' AND ${userRow('t', 'pg_type')}`,
  map: (row) => ({
    schema: row.schema,
    name: row.name,
    identity: row.identity,
    attributes: attributes({
      base: row.base,
      collation: row.collation,
      default: row.default,
      defaultOfBase: row.defaultOfBase,
      defaultDropped: row.defaultDropped,
      notNull: row.notNull,
      notNullName: row.notNullBy == null || row.notNullBy.isUsual ? null : row.notNullBy.name,
    }),
    parts: notNullPart(row),
    shell: [address('pg_type', row.base_oid)],
  }),
  create: (object, folded) => [
    definition(object, [defaultClause(object), notNullClause(object), ...folded.map((child) => child.text)]),
    ...withoutDefault(object),
  ],
  split: (object, folded) => ({
    shell: [definition(object, [notNullClause(object)]), ...withoutDefault(object)],
    rest: [
      ...(defaultClause(object) === ''
        ? []
        : [`ALTER DOMAIN ${object.identity} SET ${defaultClause(object)}`]),
      ...folded.map((child: Folded) => `ALTER DOMAIN ${object.identity} ADD ${child.text}`),
    ],
  }),
  drop: (object) => `DROP DOMAIN ${object.identity}`,
  deparsed: ['default'],
  redefine: (object) => ({ statements: [`ALTER DOMAIN ${object.identity} SET ${defaultClause(object)}`] }),
};

/** Since PostgreSQL 17 it is a row of its own, which can bear a comment. */
function notNullPart({ identity, notNullBy }: Row): readonly Part[] {
  if (notNullBy == null) return [];
  const name = quoteIdent(notNullBy.name);
  return [[address('pg_constraint', notNullBy.oid), `CONSTRAINT ${name} ON DOMAIN ${identity}`]];
}

function definition(object: CatalogObject, clauses: readonly string[]): string {
  const { base, collation } = object.attributes as unknown as Domain;
  const head = `CREATE DOMAIN ${object.identity} AS ${base}${collation === undefined ? '' : ` COLLATE ${collation}`}`;
  return [head, ...clauses.filter((clause) => clause !== '')].join('\n  ');
}

function defaultClause(object: CatalogObject): string {
  const { default: expression } = object.attributes as unknown as Domain;
  return expression === undefined ? '' : `DEFAULT ${expression}`;
}

/** DEFAULT NULL in CREATE DOMAIN would be a default, if its base is a domain with a CHECK. */
function withoutDefault({ identity, attributes: values }: CatalogObject): readonly string[] {
  return values.defaultDropped === true ? [`ALTER DOMAIN ${identity} DROP DEFAULT`] : [];
}

function notNullClause(object: CatalogObject): string {
  const { notNull, notNullName } = object.attributes as unknown as Domain;
  if (notNull !== true) return '';
  return notNullName === undefined ? 'NOT NULL' : `CONSTRAINT ${quoteIdent(notNullName)} NOT NULL`;
}
