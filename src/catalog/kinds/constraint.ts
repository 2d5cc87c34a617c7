import { quoteIdent, quoteQualified } from '../../database/sql.js';
import { invalidAncestor, ownCopies } from '../ancestors.js';
import {
  indexStatistics,
  plainTargets,
  type StatisticsTarget,
  statisticsStatements,
} from '../index-statistics.js';
import { address, afterContents, type Kind, type KindRow, membersOf, notLedger, userRow } from '../kind.js';
import { attributes, type CatalogObject } from '../model.js';
import { storageParameters } from '../options.js';
import { plainStates, type TriggerState, triggerStateStatements, triggerStates } from '../system-triggers.js';

type ConstraintType = 'primary key' | 'unique' | 'exclude' | 'foreign key' | 'check' | 'not null';

interface Constraint {
  readonly on: string;
  readonly onKind: 'TABLE' | 'FOREIGN TABLE' | 'DOMAIN';
  readonly type: ConstraintType;
  readonly definition: string;
  /** Names of the constrained columns; for a foreign key also what they refer to. */
  readonly columns?: readonly string[];
  readonly references?: string;
  readonly referencedColumns?: readonly string[];
  /** It is there only because a parent table has it. */
  readonly inherited?: boolean;
  /** The name that it gets as a partition's copy of a foreign key, where it bears another. */
  readonly renamedFrom?: string;
  readonly indexOptions?: readonly string[];
  readonly tablespace?: string;
  readonly statistics?: readonly StatisticsTarget[];
  /** The parent's index that this partition's own is attached to. */
  readonly attachTo?: string;
  readonly clustered?: boolean;
  readonly replicaIdentity?: boolean;
  readonly notValid?: boolean;
  /** Its ancestor's isn't valid; an heir that came later was born with a valid one. */
  readonly validated?: boolean;
  /** It is a CHECK that calls a user's function, which may read any table: it comes when all have their contents. */
  readonly callsFunction?: boolean;
  readonly invalidIndex?: boolean;
  readonly triggerStates?: readonly TriggerState[];
}

interface Row extends KindRow, Constraint {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly host_class: number;
  readonly host_type: number;
  readonly index: number;
  readonly referenced: number;
  /** The ancestor's constraint that isn't valid. */
  readonly doubtful: number;
  /** The constraint of an ancestor with which this one comes. */
  readonly source: number;
  /** Of one that calls a function: the same constraints of heirs that are theirs as well. */
  readonly copies: readonly number[] | null;
}

const types = `CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'x' THEN 'exclude'
  WHEN 'f' THEN 'foreign key' WHEN 'n' THEN 'not null' ELSE 'check' END`;

/** SQL for the names of the columns with these numbers. */
const columnNames = (relation: string, numbers: string): string =>
  `(SELECT json_agg((SELECT a.attname FROM pg_attribute a WHERE a.attrelid = ${relation} AND a.attnum = u.num) ORDER BY u.at)
    FROM unnest(${numbers}) WITH ORDINALITY u (num, at) WHERE u.num <> 0)`;

/** SQL for something of the constraint at the root of a partition's copy; nothing for any other constraint. */
const rootOf = (expression: string): string =>
  `(WITH RECURSIVE up AS (
      SELECT u.oid, u.conname, u.conrelid, u.confrelid, u.conparentid FROM pg_constraint u WHERE u.oid = k.conparentid
      UNION ALL SELECT u.oid, u.conname, u.conrelid, u.confrelid, u.conparentid FROM pg_constraint u JOIN up ON u.oid = up.conparentid)
    SELECT ${expression} FROM up WHERE up.conparentid = 0)`;

/** A foreign key on a partitioned table brings rows for the partitions of both; those of the referenced one are no copies. */
const isCopy = `k.conrelid <> ${rootOf('up.conrelid')} AND k.confrelid = ${rootOf('up.confrelid')}`;

/** A CHECK whose parent's went with the column that it was about is nobody's but the heir's, though it says otherwise. */
const isLeftBehind = `k.contype = 'c' AND NOT EXISTS (SELECT FROM pg_inherits h JOIN pg_constraint pk ON pk.conrelid = h.inhparent
  WHERE h.inhrelid = k.conrelid AND pk.contype = 'c' AND pk.conname = k.conname)`;

const isInheritedCheck = `k.contype IN ('c', 'n') AND NOT k.conislocal`;

/** SQL for the oids of the constraints that call a user's function, by name or behind an operator. */
const calling = `SELECT DISTINCT d.objid AS oid FROM pg_depend d WHERE d.classid = 2606 AND d.refobjid >= 16384
  AND (d.refclassid = 1255 AND d.refobjid NOT IN (${membersOf('pg_proc')})
    OR d.refclassid = 2617 AND d.refobjid NOT IN (${membersOf('pg_operator')}))`;

const isCalling = `(calling.oid IS NOT NULL AND k.contype = 'c' AND k.convalidated AND c.relkind IN ('r', 'p'))`;

/** SQL for the oid of an ancestor's CHECK or NOT NULL that isn't valid while the heir's own copy is. */
const doubtfulAncestor = `CASE WHEN ${isInheritedCheck} AND k.convalidated AND NOT c.relispartition THEN ${invalidAncestor('k')} END`;

/** SQL for the oid of the constraint that an heir has its own from: its parent's, or an ancestor's where neither is valid. */
const sourceOf = `CASE WHEN ${isInheritedCheck} AND NOT k.convalidated THEN ${invalidAncestor('k')}
  WHEN k.contype = 'c' AND NOT k.conislocal AND (NOT c.relispartition OR ${isCalling}) THEN (
    SELECT min(pk.oid) FROM pg_inherits h JOIN pg_constraint pk ON pk.conrelid = h.inhparent
    WHERE h.inhrelid = k.conrelid AND pk.contype = 'c' AND pk.conname = k.conname) END`;

/**
 * Constraints of tables and domains. A CHECK lies inside its table's or domain's own statement, unless it
 * calls a function; keys come after the rows, then foreign keys. NOT NULL belongs to its column, unless it isn't validated.
 */
export const constraint: Kind<Row> = {
  name: 'constraint',
  catalog: 'pg_constraint',
  rank: 200,
  title: 'Constraints',
  rankOf: ({ attributes: { type, callsFunction } }) =>
    callsFunction === true ? afterContents : type === 'foreign key' ? 220 : 200,
  noun: { comment: 'CONSTRAINT' },
  query: (scope) => `
    SELECT k.oid, n.nspname AS schema, k.conname AS name,
      coalesce(c.oid, 0) AS host_class, k.contypid AS host_type, coalesce(i.indexrelid, 0) AS index, k.confrelid AS referenced,
      format('%I ON %s%I.%I', k.conname, CASE WHEN k.contypid <> 0 THEN 'DOMAIN ' ELSE '' END, n.nspname,
        coalesce(c.relname, t.typname)) AS identity,
      format('%I.%I', n.nspname, coalesce(c.relname, t.typname)) AS on,
      CASE WHEN k.contypid <> 0 THEN 'DOMAIN' WHEN c.relkind = 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS "onKind",
      ${columnNames('k.conrelid', 'k.conkey')} AS columns, coalesce(${doubtfulAncestor}, 0) AS doubtful,
      coalesce(${sourceOf}, 0) AS source, ${isCalling} AS "callsFunction",
      CASE WHEN ${isCalling} THEN ${ownCopies('k')} END AS copies,
      CASE WHEN k.confrelid <> 0 THEN format('%I.%I', fn.nspname, f.relname) END AS "references",
      ${columnNames('k.confrelid', 'k.confkey')} AS "referencedColumns",
      ${types} AS type, pg_get_constraintdef(k.oid) AS definition, NOT k.convalidated AS "notValid",
      k.contype IN ('c', 'n') AND NOT k.conislocal AND k.coninhcount > 0
        AND (NOT c.relispartition OR NOT k.convalidated OR ${isCalling})
        AND NOT (${isLeftBehind})
        OR k.contype = 'f' AND k.conparentid <> 0 AS inherited,
      CASE WHEN k.contype = 'f' AND k.conparentid <> 0 AND NOT EXISTS (
        SELECT FROM pg_constraint o WHERE o.conrelid = k.conrelid AND o.conname = ${rootOf('up.conname')}) THEN ${rootOf('up.conname')} END AS "renamedFrom",
      -- The definition of an exclusion has them already.
      CASE WHEN k.contype <> 'x' THEN to_json(ic.reloptions) END AS "indexOptions", quote_ident(s.spcname) AS tablespace,
      st.targets AS statistics,
      (SELECT format('%I.%I', xn.nspname, xc.relname) FROM pg_inherits xh JOIN pg_class xc ON xc.oid = xh.inhparent
        JOIN pg_namespace xn ON xn.oid = xc.relnamespace WHERE xh.inhrelid = i.indexrelid) AS "attachTo",
      i.indisclustered AS clustered, i.indisreplident AND c.relreplident = 'i' AS "replicaIdentity", NOT i.indisvalid AS "invalidIndex",
      ts.states AS "triggerStates"
    FROM pg_constraint k LEFT JOIN (${triggerStates}) ts ON ts.oid = k.oid LEFT JOIN (${calling}) calling ON calling.oid = k.oid
    LEFT JOIN pg_class f ON f.oid = k.confrelid LEFT JOIN pg_namespace fn ON fn.oid = f.relnamespace
    LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid AND k.contypid <> 0
    JOIN pg_namespace n ON n.oid = k.connamespace
    LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')
    LEFT JOIN pg_class ic ON ic.oid = i.indexrelid LEFT JOIN pg_tablespace s ON s.oid = ic.reltablespace
    LEFT JOIN (${indexStatistics}) st ON st.oid = ic.oid
    WHERE (k.contype IN ('p', 'u', 'x', 'c') OR k.contype = 'f' AND (k.conparentid = 0 OR ${isCopy})
        OR k.contype = 'n' AND (NOT k.convalidated OR ${doubtfulAncestor} IS NOT NULL))
      AND ${userRow('k', 'pg_constraint')} AND coalesce(c.relpersistence, 'p') <> 't' AND ${notLedger('k.conrelid', scope)}`,
  map: (row) => {
    const host =
      row.host_type !== 0 ? address('pg_type', row.host_type) : address('pg_class', row.host_class);
    const isEnforcedLater = row.notValid === true && row.definition.endsWith(' NOT VALID');
    const isFolded =
      row.type === 'check' && !isEnforcedLater && row.doubtful === 0 && row.callsFunction !== true;
    return {
      schema: row.schema,
      name: row.name,
      identity: row.identity,
      attributes: attributes({
        on: row.on,
        onKind: row.onKind,
        type: row.type,
        definition: row.definition,
        columns: row.columns,
        references: row.references,
        referencedColumns: row.referencedColumns,
        inherited: row.inherited,
        renamedFrom: row.renamedFrom,
        notValid: row.notValid,
        validated: row.doubtful !== 0,
        callsFunction: row.callsFunction,
        indexOptions: row.indexOptions,
        tablespace: row.tablespace,
        statistics: plainTargets(row.statistics),
        attachTo: row.attachTo,
        clustered: row.clustered,
        replicaIdentity: row.replicaIdentity,
        invalidIndex: row.invalidIndex,
        triggerStates: plainStates(row.triggerStates),
      }),
      requires: [
        host,
        ...(row.referenced === 0 ? [] : [address('pg_class', row.referenced)]),
        ...[row.doubtful, row.source, ...(row.copies ?? [])]
          .filter((oid) => oid !== 0)
          .map((oid) => address('pg_constraint', oid)),
      ],
      ...(isFolded ? { host } : {}),
      ...(row.index === 0
        ? {}
        : { parts: [[address('pg_class', row.index), `INDEX ${quoteQualified(row.schema, row.name)}`]] }),
    };
  },
  fold: (object) => ({ column: null, text: clause(object) }),
  create: (object) => {
    const values = object.attributes as unknown as Constraint;
    const table = `ALTER TABLE ${values.on}`;
    const name = quoteIdent(object.name);
    return [
      ...(values.inherited === true
        ? []
        : [`ALTER ${values.onKind} ${onlyFor(values)}${values.on}\n  ADD ${clause(object)}`]),
      ...(values.validated === true ? [`${table} VALIDATE CONSTRAINT ${name}`] : []),
      ...(values.renamedFrom === undefined
        ? []
        : [`${table} RENAME CONSTRAINT ${quoteIdent(values.renamedFrom)} TO ${name}`]),
      ...indexStatements(object),
      ...(values.clustered === true ? [`${table} CLUSTER ON ${name}`] : []),
      ...(values.replicaIdentity === true ? [`${table} REPLICA IDENTITY USING INDEX ${name}`] : []),
      ...triggerStateStatements(object, values.on, values.triggerStates ?? []),
    ];
  },
  drop: (object) => {
    const values = object.attributes as unknown as Constraint;
    const isOutside = values.type === 'foreign key' || values.callsFunction === true;
    return isOutside && values.inherited !== true
      ? `ALTER TABLE ${values.on} DROP CONSTRAINT ${quoteIdent(object.name)}`
      : null;
  },
  deparsed: ['definition'],
  redefine: (object) => {
    const values = object.attributes as unknown as Constraint;
    const alter = `ALTER ${values.onKind} ${values.on}`;
    return {
      statements: [
        `${alter} DROP CONSTRAINT ${quoteIdent(object.name)} CASCADE`,
        `${alter} ADD ${clause(object)}`,
      ],
    };
  },
};

/** What concerns the index behind a key. An exclusion's tablespace can't stand in its definition, before WHERE. */
function indexStatements(object: CatalogObject): readonly string[] {
  const { type, attachTo, statistics = [], tablespace } = object.attributes as unknown as Constraint;
  const index = quoteQualified(object.schema ?? '', object.name);
  return [
    ...(type === 'exclude' && tablespace !== undefined
      ? [`ALTER INDEX ${index} SET TABLESPACE ${tablespace}`]
      : []),
    ...statisticsStatements(index, statistics),
    ...(attachTo === undefined ? [] : [`ALTER INDEX ${attachTo} ATTACH PARTITION ${index}`]),
  ];
}

/** Foreign keys, CHECKs and NOT NULLs recurse to partitions and heirs by themselves; a key stands for its table alone. */
function onlyFor({ onKind, type }: Constraint): string {
  return onKind === 'TABLE' && ['primary key', 'unique', 'exclude'].includes(type) ? 'ONLY ' : '';
}

/** `CONSTRAINT name PRIMARY KEY (id) WITH (fillfactor='70') DEFERRABLE`: index parameters precede deferrability. */
function clause(object: CatalogObject): string {
  const { type, definition, indexOptions, tablespace } = object.attributes as unknown as Constraint;
  const deferrable = / DEFERRABLE( INITIALLY DEFERRED)?$/.exec(definition)?.[0] ?? '';
  const head = definition.slice(0, definition.length - deferrable.length);
  const options = indexOptions === undefined ? '' : ` WITH (${storageParameters(indexOptions).join(', ')})`;
  const place = tablespace === undefined || type === 'exclude' ? '' : ` USING INDEX TABLESPACE ${tablespace}`;
  return `CONSTRAINT ${quoteIdent(object.name)} ${head}${options}${place}${deferrable}`;
}
