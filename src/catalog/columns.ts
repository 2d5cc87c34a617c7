import { quoteIdent } from '../database/sql.js';
import { invalidAncestor } from './ancestors.js';
import { type Address, address, type Part, type ReadScope } from './kind.js';
import type { Value } from './model.js';
import { type SequenceOptions, sequenceJson } from './sequence-options.js';

/** A column of a table, foreign table or materialized view as the reader has it; absent keys stand at their default. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly notNull?: boolean;
  /** PostgreSQL 18: the constraint's name, where the server would choose another. */
  readonly notNullName?: string;
  readonly notNullNoInherit?: boolean;
  readonly collation?: string;
  /** Where it isn't the type's, or a parent has another. */
  readonly storage?: string;
  readonly compression?: string;
  readonly statistics?: number;
  readonly options?: readonly string[];
  readonly fdwOptions?: readonly string[];
  readonly generated?: string;
  readonly virtual?: boolean;
  readonly identity?: Identity;
  /** PostgreSQL 17: a partition's identity is its parent's, sequence and all. */
  readonly identityOfParent?: 'ALWAYS' | 'BY DEFAULT';
  /** It is there only because a parent has it (attislocal is false). */
  readonly inherited?: boolean;
  /** What its parents have: so much comes by itself, or must be taken away. */
  readonly notNullInherited?: boolean;
  readonly notNullDropped?: boolean;
  /** PostgreSQL 18: a partition's own, which stays when its parent gives it up. */
  readonly notNullKept?: boolean;
  readonly generatedInherited?: boolean;
  readonly defaultInherited?: boolean;
  readonly defaultDropped?: boolean;
}

export interface Identity extends SequenceOptions {
  readonly always: boolean;
  readonly sequence: string;
  /** How the sequence is logged, where its table is logged otherwise. */
  readonly logging?: 'LOGGED' | 'UNLOGGED';
}

/** A column as the query gives it: with the numbers that resolve addresses and vanish in the model. */
export interface ColumnRow extends Column {
  readonly num: number;
  /** Oid of the pg_attrdef row of a generated column. */
  readonly generatedBy?: number;
  /** Oid of the sequence of an identity column. */
  readonly identityBy?: number;
  /** PostgreSQL 18: the pg_constraint row of its NOT NULL. */
  readonly notNullBy?: { readonly oid: number; readonly name: string };
}

/**
 * SQL for a column's options as json, or NULL. Minor releases since late 2026 keep a version of their
 * own among them (`pg_attver`), which no statement can set and pg_dump leaves out as well.
 */
export function attributeOptions(alias: string): string {
  return `(SELECT json_agg(ao ORDER BY ao) FROM unnest(${alias}.attoptions) ao WHERE ao !~ '^pg_attver=')`;
}

/** SQL for the name of the collation where it isn't the type's own. */
function ownCollation(alias: string): string {
  return `CASE WHEN ${alias}.attcollation <> t.typcollation AND ${alias}.attcollation <> 0 THEN (
    SELECT format('%I.%I', n.nspname, l.collname) FROM pg_collation l
    JOIN pg_namespace n ON n.oid = l.collnamespace WHERE l.oid = ${alias}.attcollation) END`;
}

/** SQL for the name of a pg_attribute.attstorage. */
function storageName(storage: string): string {
  return `CASE ${storage} WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END`;
}

/** What the parents of an heir say of a column, as one row; nothing for partitions, which are made alone. */
const parents = `LATERAL (
  SELECT bool_or(pa.attnotnull) AS not_null, bool_or(pa.attstorage <> a.attstorage) AS stores_otherwise,
    bool_or(pa.attcompression <> a.attcompression) AS compresses_otherwise,
    count(pd.oid) > 0 AS has_default, bool_and(pg_get_expr(pd.adbin, pd.adrelid) = pg_get_expr(d.adbin, d.adrelid)) AS same_default
  FROM pg_inherits i JOIN pg_attribute pa ON pa.attrelid = i.inhparent AND pa.attname = a.attname AND NOT pa.attisdropped
  LEFT JOIN pg_attrdef pd ON pd.adrelid = pa.attrelid AND pd.adnum = pa.attnum
  WHERE i.inhrelid = a.attrelid AND a.attinhcount > 0 AND NOT cl.relispartition)`;

/** Since PostgreSQL 18 a NOT NULL is a constraint with a name; one that isn't validated is an object of its own. */
function notNullJson({ version }: ReadScope): string {
  if (version < 180000) {
    return `'notNullInherited', CASE WHEN a.attnotnull AND parents.not_null AND NOT a.attislocal THEN true END,
      'notNullDropped', CASE WHEN NOT a.attnotnull AND parents.not_null THEN true END,`;
  }
  return `'notNull', CASE WHEN nn.convalidated THEN true END,
    'notNullName', CASE WHEN nn.convalidated AND (nn.conname <> left(cl.relname || '_' || a.attname || '_not_null', 63)
      OR nn.conislocal AND NOT a.attislocal OR EXISTS (SELECT FROM pg_constraint nm
        WHERE nm.conname = nn.conname AND nm.connamespace = nn.connamespace AND nm.oid <> nn.oid)) THEN nn.conname END,
    'notNullKept', CASE WHEN nn.convalidated AND nn.conislocal AND nn.coninhcount > 0 AND cl.relispartition THEN true END,
    'notNullNoInherit', CASE WHEN nn.convalidated AND nn.connoinherit THEN true END,
    'notNullInherited', CASE WHEN nn.convalidated AND NOT nn.conislocal THEN true END,
    'notNullBy', CASE WHEN nn.convalidated THEN json_build_object('oid', nn.oid::int8, 'name', nn.conname) END,`;
}

/** An heir that was born after its ancestor got a NOT NULL that isn't valid has a valid one: an object of its own. */
const isMoreThanItsAncestors = `NOT nn.conislocal AND NOT cl.relispartition AND ${invalidAncestor('nn')} IS NOT NULL`;

/** A column as json: what all have, and what few have. */
export type ColumnTuple = readonly [
  num: number,
  name: string,
  type: string,
  notNull: boolean,
  more: Omit<ColumnRow, 'num' | 'name' | 'type'> | null,
];

/** What {@link relationColumns} gives of a relation; NULL where it has no columns. */
export function columnRows(tuples: readonly ColumnTuple[] | null): readonly ColumnRow[] {
  return (tuples ?? []).map(([num, name, type, notNull, more]) => ({
    num,
    name,
    type,
    ...(notNull ? { notNull } : {}),
    ...more,
  }));
}

/** SQL condition: the column may have more than a name, a type and NOT NULL. Most don't, and looking closer costs. */
const isUnusual = ({ version }: ReadScope): string =>
  `a.attinhcount > 0 OR NOT a.attislocal OR a.attcollation <> t.typcollation OR a.attstorage <> t.typstorage
    OR a.attcompression <> '' OR a.attstattarget >= 0 OR a.attfdwoptions IS NOT NULL OR a.attgenerated <> '' OR a.attidentity <> ''
    OR cardinality(a.attoptions) > 1 OR a.attoptions[1] !~ '^pg_attver='${version >= 180000 ? ' OR a.attnotnull' : ''}`;

/**
 * SQL for the oids of the relations of these kinds (pg_class.relkind) that have columns, with the json array of
 * their ColumnTuples, in order: of all at once, which costs the server a sixth of what one by one does.
 */
export function relationColumns(relkinds: readonly string[], scope: ReadScope): string {
  const notNull = scope.version >= 180000 ? 'false' : 'a.attnotnull';
  return `
    SELECT a.attrelid AS oid, json_agg(json_build_array(a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), ${notNull},
      CASE WHEN ${isUnusual(scope)} THEN ${unusualJson(scope)} END) ORDER BY a.attnum) AS columns
    FROM pg_attribute a JOIN pg_class cl ON cl.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
    WHERE cl.relkind IN (${relkinds.map((kind) => `'${kind}'`).join(', ')}) AND cl.oid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
    GROUP BY a.attrelid`;
}

/** SQL for a json object of what else the column `a` of type `t` has in the relation `cl`. */
function unusualJson(scope: ReadScope): string {
  const notNullJoin =
    scope.version >= 180000
      ? `LEFT JOIN pg_constraint nn ON nn.conrelid = a.attrelid AND nn.contype = 'n' AND nn.conkey = ARRAY[a.attnum]
           AND NOT (${isMoreThanItsAncestors})`
      : '';
  return `(SELECT json_strip_nulls(json_build_object(${notNullJson(scope)}
      'collation', ${ownCollation('a')},
      'storage', CASE WHEN a.attstorage <> t.typstorage OR parents.stores_otherwise THEN ${storageName('a.attstorage')} END,
      'compression', CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4'
        ELSE CASE WHEN parents.compresses_otherwise THEN 'default' END END,
      'statistics', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END,
      'options', ${attributeOptions('a')}, 'fdwOptions', a.attfdwoptions,
      'generated', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
      'generatedBy', CASE WHEN a.attgenerated <> '' THEN d.oid::int8 END,
      'virtual', CASE WHEN a.attgenerated = 'v' THEN true END,
      'identity', CASE WHEN a.attidentity <> '' THEN ${identityJson(scope)} END,
      'identityBy', CASE WHEN a.attidentity <> '' THEN ${identitySequence('s.seqrelid::int8')} END,
      'identityOfParent', CASE WHEN a.attidentity <> '' AND cl.relispartition THEN
        CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END END,
      'inherited', CASE WHEN NOT a.attislocal THEN true END,
      'generatedInherited', CASE WHEN a.attgenerated <> '' AND parents.same_default THEN true END,
      'defaultInherited', CASE WHEN a.attgenerated = '' AND parents.same_default THEN true END,
      'defaultDropped', CASE WHEN d.oid IS NULL AND parents.has_default THEN true END))
    FROM (VALUES (true)) one LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum ${notNullJoin}
    LEFT JOIN ${parents} parents ON true)`;
}

/** SQL for something of the sequence that belongs to the identity column `a`. */
function identitySequence(expression: string): string {
  return `(SELECT ${expression}
    FROM pg_depend sd JOIN pg_sequence s ON s.seqrelid = sd.objid JOIN pg_class sc ON sc.oid = s.seqrelid
    JOIN pg_namespace sn ON sn.oid = sc.relnamespace
    WHERE sd.classid = 1259 AND sd.refclassid = 1259 AND sd.deptype = 'i'
      AND sd.refobjid = a.attrelid AND sd.refobjsubid = a.attnum)`;
}

/** Before PostgreSQL 15 no sequence is unlogged. */
const identityJson = ({ version }: ReadScope): string =>
  identitySequence(
    `json_build_object('always', a.attidentity = 'a', 'sequence', format('%I.%I', sn.nspname, sc.relname),
    'logging', CASE WHEN ${version >= 150000} AND sc.relpersistence <> cl.relpersistence THEN
      CASE sc.relpersistence WHEN 'u' THEN 'UNLOGGED' ELSE 'LOGGED' END END)::jsonb || ${sequenceJson('s')}::jsonb`,
  );

/** The columns without what only resolves addresses: plain values for the model. */
export function columnValues(rows: readonly ColumnRow[]): readonly Value[] {
  return rows.map(
    ({ num: _num, generatedBy: _generated, identityBy: _identity, notNullBy: _notNull, ...column }) =>
      column as unknown as Value,
  );
}

/** Column names by attnum, for comments and grants on them. */
export function columnNumbers(rows: readonly ColumnRow[]): Readonly<Record<number, string>> {
  return Object.fromEntries(rows.map((row) => [row.num, row.name]));
}

/** The addresses that stand for columns of their table: generated expressions. */
export function columnAddresses(rows: readonly ColumnRow[]): readonly Address[] {
  return rows.flatMap((row) =>
    row.generatedBy === undefined ? [] : [address('pg_attrdef', row.generatedBy)],
  );
}

/** What comes with the columns of a table and can bear a comment or grants of its own. */
export function columnParts(table: string, rows: readonly ColumnRow[]): readonly Part[] {
  const parts: Part[] = [];
  for (const { identity, identityBy, notNullBy } of rows) {
    if (identity !== undefined && identityBy !== undefined)
      parts.push([address('pg_class', identityBy), `SEQUENCE ${identity.sequence}`]);
    if (notNullBy !== undefined)
      parts.push([
        address('pg_constraint', notNullBy.oid),
        `CONSTRAINT ${quoteIdent(notNullBy.name)} ON ${table}`,
      ]);
  }
  return parts;
}
