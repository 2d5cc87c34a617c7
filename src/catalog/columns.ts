import { quoteIdent, quoteLiteral } from '../database/sql.js';
import { type Address, address, type Folded, type ReadScope } from './kind.js';
import type { Value } from './model.js';
import { type SequenceOptions, sequenceClauses, sequenceJson } from './sequence-options.js';

/** A column of a table, foreign table or view as the reader has it; absent keys stand at their default. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly notNull?: boolean;
  /** PostgreSQL 18: the constraint's name, where it isn't the one that the server would choose. */
  readonly notNullName?: string;
  readonly notNullNoInherit?: boolean;
  readonly collation?: string;
  readonly storage?: string;
  readonly compression?: string;
  readonly statistics?: number;
  readonly options?: readonly string[];
  readonly fdwOptions?: readonly string[];
  readonly generated?: string;
  readonly virtual?: boolean;
  readonly identity?: Identity;
  /** It is there only because a parent has it (attislocal is false). */
  readonly inherited?: boolean;
  /** A parent has a default for it, and this table has none. */
  readonly defaultDropped?: boolean;
}

interface Identity extends SequenceOptions {
  readonly always: boolean;
  readonly sequence: string;
  readonly unlogged: boolean;
}

/** A column as the query gives it: with the numbers that resolve addresses and vanish in the model. */
export interface ColumnRow extends Column {
  readonly num: number;
  /** Oid of the pg_attrdef row of a generated column. */
  readonly generatedBy?: number;
  /** PostgreSQL 18: oid of the pg_constraint row of its NOT NULL. */
  readonly notNullBy?: number;
  /** Oid of the sequence of an identity column. */
  readonly identityBy?: number;
}

/**
 * SQL for a column's options as json, or NULL. Minor releases since late 2026 keep a version of their
 * own among them (`pg_attver`), which no statement can set and pg_dump leaves out as well.
 */
export function attributeOptions(alias: string): string {
  return `(SELECT json_agg(ao ORDER BY ao) FROM unnest(${alias}.attoptions) ao WHERE ao !~ '^pg_attver=')`;
}

/** SQL for the json array of ColumnRow of the relation whose oid is `relation`, in order. */
export function columnsJson(relation: string, scope: ReadScope): string {
  const notNull =
    scope.version >= 180000
      ? `'notNullName', CASE WHEN nn.conname <> left(cl.relname || '_' || a.attname || '_not_null', 63) THEN nn.conname END,
         'notNullBy', nn.oid::int8, 'notNullNoInherit', CASE WHEN nn.connoinherit THEN true END,`
      : '';
  const notNullJoin =
    scope.version >= 180000
      ? `LEFT JOIN pg_constraint nn ON nn.conrelid = a.attrelid AND nn.contype = 'n' AND nn.conkey = ARRAY[a.attnum]`
      : '';
  return `(SELECT json_agg(json_strip_nulls(json_build_object(
      'name', a.attname, 'num', a.attnum, 'type', format_type(a.atttypid, a.atttypmod),
      'notNull', CASE WHEN a.attnotnull THEN true END, ${notNull}
      'collation', CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0 THEN (
        SELECT format('%I.%I', n.nspname, l.collname) FROM pg_collation l
        JOIN pg_namespace n ON n.oid = l.collnamespace WHERE l.oid = a.attcollation) END,
      'storage', CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage
        WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END,
      'compression', CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END,
      'statistics', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END,
      'options', ${attributeOptions('a')}, 'fdwOptions', a.attfdwoptions,
      'generated', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
      'generatedBy', CASE WHEN a.attgenerated <> '' THEN d.oid::int8 END,
      'virtual', CASE WHEN a.attgenerated = 'v' THEN true END,
      'identity', CASE WHEN a.attidentity <> '' THEN ${identityJson('a')} END,
      'identityBy', CASE WHEN a.attidentity <> '' THEN (SELECT sd.objid::int8 ${identitySequence('a')}) END,
      'inherited', CASE WHEN NOT a.attislocal THEN true END,
      'defaultDropped', CASE WHEN d.oid IS NULL AND a.attinhcount > 0 AND EXISTS (
        SELECT FROM pg_inherits i JOIN pg_attribute pa ON pa.attrelid = i.inhparent AND pa.attname = a.attname
        WHERE i.inhrelid = a.attrelid AND pa.atthasdef AND pa.attgenerated = '') THEN true END
    )) ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_class cl ON cl.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum ${notNullJoin}
    WHERE a.attrelid = ${relation} AND a.attnum > 0 AND NOT a.attisdropped)`;
}

function identityJson(alias: string): string {
  return `(SELECT json_build_object('always', ${alias}.attidentity = 'a', 'sequence', format('%I.%I', sn.nspname, sc.relname),
      'unlogged', sc.relpersistence <> cl.relpersistence) ::jsonb || ${sequenceJson('s')}::jsonb
    ${identitySequence(alias)})`;
}

function identitySequence(alias: string): string {
  return `FROM pg_depend sd JOIN pg_sequence s ON s.seqrelid = sd.objid JOIN pg_class sc ON sc.oid = s.seqrelid
    JOIN pg_namespace sn ON sn.oid = sc.relnamespace
    WHERE sd.classid = 1259 AND sd.refclassid = 1259 AND sd.deptype = 'i'
      AND sd.refobjid = ${alias}.attrelid AND sd.refobjsubid = ${alias}.attnum`;
}

/** The columns without what only resolves addresses: plain values for the model. */
export function columnValues(rows: readonly ColumnRow[]): readonly Value[] {
  return rows.map(
    ({ num: _num, generatedBy: _generated, notNullBy: _notNull, identityBy: _identity, ...column }) =>
      column as unknown as Value,
  );
}

/** Column names by attnum, for comments and grants on them. */
export function columnNumbers(rows: readonly ColumnRow[]): Readonly<Record<number, string>> {
  return Object.fromEntries(rows.map((row) => [row.num, row.name]));
}

/** One line of a CREATE TABLE: `symbol text DEFAULT 'x' NOT NULL`. */
export function columnDefinition(column: Column, table: TableName, folded: readonly Folded[]): string {
  const defaults = folded.filter((child) => child.column === column.name).map((child) => child.text);
  return [
    quoteIdent(column.name),
    column.type,
    ...fdwOptions(column),
    ...columnConstraints(column, table, defaults),
  ].join(' ');
}

/** What follows a column's type (or `WITH OPTIONS` in a typed table). */
export function columnConstraints(
  column: Column,
  table: TableName,
  defaults: readonly string[],
): readonly string[] {
  return [
    ...(column.collation === undefined ? [] : [`COLLATE ${column.collation}`]),
    ...(column.generated === undefined
      ? []
      : [`GENERATED ALWAYS AS (${column.generated}) ${column.virtual === true ? 'VIRTUAL' : 'STORED'}`]),
    ...(column.identity === undefined ? [] : [identityClause(column.name, column.identity, table)]),
    ...defaults,
    ...(column.notNull === true
      ? [
          `${column.notNullName === undefined ? '' : `CONSTRAINT ${quoteIdent(column.notNullName)} `}NOT NULL${
            column.notNullNoInherit === true ? ' NO INHERIT' : ''
          }`,
        ]
      : []),
  ];
}

/** The table whose columns are written: bare names, unquoted. */
export interface TableName {
  readonly schema: string | null;
  readonly name: string;
}

function identityClause(column: string, identity: Identity, table: TableName): string {
  const usual = `${quoteIdent(table.schema ?? '')}.${quoteIdent(`${table.name}_${column}_seq`)}`;
  const clauses = [
    ...(identity.sequence === usual ? [] : [`SEQUENCE NAME ${identity.sequence}`]),
    ...sequenceClauses(identity, false),
  ];
  const options = clauses.length === 0 ? '' : ` (${clauses.join(' ')})`;
  return `GENERATED ${identity.always ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY${options}`;
}

function fdwOptions(column: Column): readonly string[] {
  return column.fdwOptions === undefined ? [] : [`OPTIONS (${optionList(column.fdwOptions)})`];
}

/** `{a=b,c=d}` of a foreign object as `a 'b', c 'd'`. */
export function optionList(options: readonly string[]): string {
  return options
    .map(splitOption)
    .map(([key, value]) => `${quoteIdent(key)} ${quoteLiteral(value)}`)
    .join(', ');
}

/** `{a=b}` of pg_class.reloptions as `a='b'`, with a prefix for the TOAST table's. */
export function storageParameters(options: readonly string[], prefix = ''): readonly string[] {
  return options.map(splitOption).map(([key, value]) => `${prefix}${quoteIdent(key)}=${quoteLiteral(value)}`);
}

function splitOption(option: string): readonly [string, string] {
  const at = option.indexOf('=');
  return at < 0 ? [option, ''] : [option.slice(0, at), option.slice(at + 1)];
}

/** The ALTERs for what CREATE TABLE can't say on every major: storage, compression, statistics, options. */
export function columnAlterations(alter: string, columns: readonly Column[]): readonly string[] {
  return columns.flatMap((column) => {
    const target = `${alter} ALTER COLUMN ${quoteIdent(column.name)}`;
    return [
      ...(column.storage === undefined ? [] : [`${target} SET STORAGE ${column.storage}`]),
      ...(column.compression === undefined ? [] : [`${target} SET COMPRESSION ${column.compression}`]),
      ...(column.statistics === undefined ? [] : [`${target} SET STATISTICS ${column.statistics}`]),
      ...(column.options === undefined
        ? []
        : [`${target} SET (${storageParameters(column.options).join(', ')})`]),
      ...(column.identity?.unlogged === true
        ? [`ALTER SEQUENCE ${column.identity.sequence} SET LOGGED`]
        : []),
    ];
  });
}

/** The addresses that stand for columns of their table: generated expressions, named NOT NULLs. */
export function columnAddresses(rows: readonly ColumnRow[]): readonly Address[] {
  return rows.flatMap((row) => [
    ...(row.generatedBy === undefined ? [] : [address('pg_attrdef', row.generatedBy)]),
    ...(row.notNullBy === undefined ? [] : [address('pg_constraint', row.notNullBy)]),
  ]);
}

/** What comment, grants and labels call the sequences of identity columns, by their addresses. */
export function identityParts(rows: readonly ColumnRow[]): Readonly<Record<Address, string>> {
  const sequences = rows.flatMap(({ identity, identityBy }) =>
    identity === undefined || identityBy === undefined
      ? []
      : [[address('pg_class', identityBy), `SEQUENCE ${identity.sequence}`] as const],
  );
  return Object.fromEntries(sequences);
}
