import { quoteIdent } from '../database/sql.js';
import type { Column, Identity } from './columns.js';
import type { Folded } from './kind.js';
import { optionsClause, storageParameters } from './options.js';
import { allSequenceClauses, sequenceClauses } from './sequence-options.js';

/** The table whose columns are written: bare names, unquoted. */
export interface TableName {
  readonly schema: string | null;
  readonly name: string;
}

/** One line of a CREATE TABLE: `symbol text DEFAULT 'x' NOT NULL`. */
export function columnDefinition(column: Column, table: TableName, folded: readonly Folded[]): string {
  return [
    quoteIdent(column.name),
    column.type,
    ...optionsClause(column.fdwOptions),
    ...columnConstraints(column, table, folded),
  ].join(' ');
}

/** What follows a column's type (or `WITH OPTIONS` in a typed table). */
export function columnConstraints(
  column: Column,
  table: TableName,
  folded: readonly Folded[],
): readonly string[] {
  const defaults = folded.filter((child) => child.column === column.name).map((child) => child.text);
  return [
    ...(column.collation === undefined ? [] : [`COLLATE ${column.collation}`]),
    ...(column.generated === undefined ? [] : [generatedClause(column.generated, column.virtual === true)]),
    ...(column.identity === undefined ? [] : [identityClause(column, column.identity, table)]),
    ...defaults,
    ...(column.notNull === true ? [notNullClause(column)] : []),
  ];
}

function generatedClause(expression: string, isVirtual: boolean): string {
  return `GENERATED ALWAYS AS (${expression}) ${isVirtual ? 'VIRTUAL' : 'STORED'}`;
}

/** @param target what stands after NOT NULL in a table's constraint; nothing in a column's */
export function notNullClause(column: Column, target = ''): string {
  const name = column.notNullName === undefined ? '' : `CONSTRAINT ${quoteIdent(column.notNullName)} `;
  return `${name}NOT NULL${target}${column.notNullNoInherit === true ? ' NO INHERIT' : ''}`;
}

/** `GENERATED ALWAYS AS IDENTITY (…)` with the options that differ from a new sequence's. */
export function identityClause({ name, type }: Column, identity: Identity, table: TableName): string {
  const usual = `${quoteIdent(table.schema ?? '')}.${quoteIdent(`${table.name}_${name}_seq`)}`;
  const clauses = [
    ...(identity.sequence === usual ? [] : [`SEQUENCE NAME ${identity.sequence}`]),
    // A sequence of another type than its column's (CREATE TABLE … LIKE makes them) is altered afterwards.
    ...(identity.type === type ? sequenceClauses(identity, false) : []),
  ];
  const options = clauses.length === 0 ? '' : ` (${clauses.join(' ')})`;
  return `GENERATED ${identity.always ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY${options}`;
}

/** The ALTERs for what CREATE TABLE can't say on every major: storage, compression, statistics, options. */
export function columnAlterations(alter: string, columns: readonly Column[]): readonly string[] {
  return columns.flatMap((column) => {
    const target = `${alter} ALTER COLUMN ${quoteIdent(column.name)}`;
    const { identity } = column;
    return [
      ...(column.storage === undefined ? [] : [`${target} SET STORAGE ${column.storage}`]),
      ...(column.compression === undefined ? [] : [`${target} SET COMPRESSION ${column.compression}`]),
      ...(column.statistics === undefined ? [] : [`${target} SET STATISTICS ${column.statistics}`]),
      ...(column.options === undefined
        ? []
        : [`${target} SET (${storageParameters(column.options).join(', ')})`]),
      ...(identity?.logging === undefined
        ? []
        : [`ALTER SEQUENCE ${identity.sequence} SET ${identity.logging}`]),
      ...(identity === undefined || identity.type === column.type
        ? []
        : [`ALTER SEQUENCE ${identity.sequence} ${allSequenceClauses(identity)} RESTART`]),
    ];
  });
}

/** What ATTACH PARTITION takes from a partition's columns. */
export function keptNotNulls(alter: string, columns: readonly Column[]): readonly string[] {
  return columns
    .filter((column) => column.notNullKept === true)
    .map((column) => `${alter} ALTER COLUMN ${quoteIdent(column.name)} SET NOT NULL`);
}
