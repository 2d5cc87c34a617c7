import { quoteIdent, quoteQualified } from '../database/sql.js';
import { columnDefinition, identityClause, notNullClause, type TableName } from './column-clauses.js';
import type { Column } from './columns.js';
import type { Folded } from './kind.js';

/** A table that other tables are the parents of (PostgreSQL manual, Inheritance). */
export interface Heir extends TableName {
  readonly identity: string;
  readonly columns: readonly Column[];
  readonly parents: readonly string[];
  /** CREATE TABLE … INHERITS would give other columns, or none because its parents contradict each other. */
  readonly reshaped: boolean;
}

/** SQL for each heir's or partition's oid and the names of its parents, as json in their order. */
export const parentNames = `
  SELECT i.inhrelid AS oid, json_agg(format('%I.%I', n.nspname, p.relname) ORDER BY i.inhseqno) AS names
  FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid = p.relnamespace
  GROUP BY i.inhrelid`;

/**
 * SQL for the oids of heirs whose columns CREATE TABLE … INHERITS would order otherwise than they lie,
 * or couldn't merge from parents that contradict each other.
 */
export const reshapedHeirs = `
  SELECT o.attrelid AS oid FROM (
    SELECT a.attrelid, a.attname, a.attnum, min(i.inhseqno::int8 * 2000 + pa.attnum) AS place,
      count(DISTINCT pg_get_expr(pd.adbin, pd.adrelid)) > 1 OR count(DISTINCT pa.attstorage) > 1
        OR count(DISTINCT nullif(pa.attcompression, '')) > 1 OR NOT a.attislocal AND a.attgenerated <> ''
          AND bool_or(pg_get_expr(pd.adbin, pd.adrelid) IS DISTINCT FROM pg_get_expr(d.adbin, d.adrelid)) AS contradicted
    FROM (SELECT DISTINCT h.inhrelid AS oid FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
      WHERE c.relkind IN ('r', 'f') AND NOT c.relispartition) heir
    JOIN pg_attribute a ON a.attrelid = heir.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN (pg_inherits i JOIN pg_attribute pa ON pa.attrelid = i.inhparent AND NOT pa.attisdropped
      LEFT JOIN pg_attrdef pd ON pd.adrelid = pa.attrelid AND pd.adnum = pa.attnum)
      ON i.inhrelid = a.attrelid AND pa.attname = a.attname AND a.attinhcount > 0
    GROUP BY a.attrelid, a.attname, a.attnum, a.attislocal, a.attgenerated, d.adbin, d.adrelid) o
  GROUP BY o.attrelid
  HAVING array_agg(o.attname ORDER BY o.attnum) <> array_agg(o.attname ORDER BY o.place NULLS LAST, o.attnum)
    OR bool_or(o.contradicted)`;

/** Writes the CREATE TABLE of an heir around these lines and parents. */
type CreateTable = (lines: readonly string[], parents: readonly string[]) => string;

/**
 * The statements that make an heir, so that each column lies in its place and is its own or its
 * parents' as it was. A parent's later column, or a later INHERIT, leaves an order that CREATE TABLE …
 * INHERITS can't give (pg_dump gives another one then): such an heir is made on its own and attached,
 * or, if some columns aren't its own, it takes them from a throw-away parent that has them in order.
 */
export function heirStatements(
  heir: Heir,
  folded: readonly Folded[],
  create: CreateTable,
): readonly string[] {
  const inherit = heir.parents.map((parent) => `ALTER TABLE ${heir.identity} INHERIT ${parent}`);
  if (!heir.reshaped) {
    return [create(ownLines(heir, folded, true), heir.parents), ...adjustments(heir, folded, true)];
  }
  if (isAllItsOwn(heir, folded)) {
    return [create(ownLines(heir, folded, false), []), ...inherit, ...adjustments(heir, folded, false)];
  }
  const shape = quoteQualified(heir.schema ?? '', 'knex_squash_shape');
  return [
    `CREATE TABLE ${shape} (\n${shapeLines(heir, folded)
      .map((line) => `  ${line}`)
      .join(',\n')}\n)`,
    create(ownLines({ ...heir, columns: heir.columns.map(generatedByShape) }, folded, true), [shape]),
    ...inherit,
    `ALTER TABLE ${heir.identity} NO INHERIT ${shape}`,
    `DROP TABLE ${shape}`,
    ...adjustments(heir, folded, false),
  ];
}

/** The throw-away parent generates all that is generated, and an heir may not say so again before PostgreSQL 16. */
function generatedByShape(column: Column): Column {
  return column.generated === undefined ? column : { ...column, generatedInherited: true };
}

function isAllItsOwn({ columns }: Heir, folded: readonly Folded[]): boolean {
  return !columns.some((column) => column.inherited || column.notNullInherited) && !folded.some(isInherited);
}

function isInherited(child: Folded): boolean {
  return child.object.attributes.inherited === true;
}

/** The columns and constraints that are its own; what `fromParents` is generated there is left out. */
function ownLines(heir: Heir, folded: readonly Folded[], fromParents: boolean): readonly string[] {
  const own = heir.columns.filter((column) => column.inherited !== true);
  return [
    ...own.map((column) => columnDefinition(ownPart(column, fromParents), heir, folded)),
    ...heir.columns
      .filter(isNamedNotNull)
      .map((column) => notNullClause(column, ` ${quoteIdent(column.name)}`)),
    ...folded.filter((child) => child.column === null && !isInherited(child)).map((child) => child.text),
  ];
}

function ownPart({ generated, notNull, ...column }: Column, fromParents: boolean): Column {
  const isGenerated = generated !== undefined && !(fromParents && column.generatedInherited === true);
  const isNotNull =
    notNull === true ? column.notNullInherited !== true : !fromParents && column.notNullDropped === true;
  return { ...column, ...(isGenerated ? { generated } : {}), ...(isNotNull ? { notNull: true } : {}) };
}

/** Since PostgreSQL 18 a column that isn't its own can have a NOT NULL that is. */
function isNamedNotNull(column: Column): boolean {
  const isOwn = column.notNull === true && column.notNullInherited !== true;
  return isOwn && column.inherited === true && column.notNullName !== undefined;
}

/** All columns in their order, with what must come from a parent. */
function shapeLines(heir: Heir, folded: readonly Folded[]): readonly string[] {
  return [
    ...heir.columns.map((column) => columnDefinition(parentPart(column, heir), heir, [])),
    ...folded.filter(isInherited).map((child) => child.text),
  ];
}

function parentPart({ identity: _identity, notNull: _notNull, ...column }: Column, heir: Heir): Column {
  if (column.notNullInherited !== true && column.notNullDropped !== true) return column;
  const { notNullName = `${heir.name}_${column.name}_not_null` } = column;
  return { ...column, notNull: true, notNullName };
}

/** What an heir has otherwise than its parents in a column that it doesn't declare. */
function adjustments(heir: Heir, folded: readonly Folded[], fromParents: boolean): readonly string[] {
  return heir.columns.flatMap((column) => {
    const target = `ALTER TABLE ONLY ${heir.identity} ALTER COLUMN ${quoteIdent(column.name)}`;
    const isBare = column.inherited === true;
    const own = folded.find((child) => child.column === column.name);
    const isMissing = isBare && column.notNull === true && column.notNullInherited !== true;
    return [
      ...(isMissing && column.notNullName === undefined ? [`${target} SET NOT NULL`] : []),
      ...(column.notNullDropped === true ? [`${target} DROP NOT NULL`] : []),
      ...(isBare && column.identity !== undefined
        ? [`${target} ADD ${identityClause(column, column.identity, heir)}`]
        : []),
      ...(isBare && own !== undefined && !(fromParents && column.defaultInherited === true)
        ? [`${target} SET ${own.text}`]
        : []),
      ...(fromParents && column.defaultDropped === true ? [`${target} DROP DEFAULT`] : []),
    ];
  });
}
