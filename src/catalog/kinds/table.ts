import { quoteIdent, quoteQualified } from '../../database/sql.js';
import { columnAlterations, columnConstraints, columnDefinition, keptNotNulls } from '../column-clauses.js';
import {
  type Column,
  type ColumnTuple,
  columnAddresses,
  columnNumbers,
  columnParts,
  columnRows,
  columnValues,
  relationColumns,
} from '../columns.js';
import { heirStatements, parentNames, reshapedHeirs } from '../inheritance.js';
import { type Folded, type Kind, type KindRow, notLedger, probeSchema, userRow } from '../kind.js';
import { attributes, type CatalogObject } from '../model.js';
import { storageParameters } from '../options.js';
import { rowTypePart } from '../relation-parts.js';

interface Table {
  readonly columns?: readonly Column[];
  readonly unlogged?: boolean;
  readonly accessMethod?: string;
  readonly tablespace?: string;
  readonly options?: readonly string[];
  readonly toastOptions?: readonly string[];
  readonly ofType?: string;
  readonly partitionBy?: string;
  readonly partitionOf?: string;
  readonly bound?: string;
  readonly inherits?: readonly string[];
  readonly reshaped?: boolean;
  readonly replicaIdentity?: string;
  readonly rowSecurity?: boolean;
  readonly forceRowSecurity?: boolean;
}

interface Row extends KindRow, Omit<Table, 'columns'> {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly row_type: number;
  readonly columns: readonly ColumnTuple[] | null;
}

/** Tables, partitioned tables and partitions. A partition is created alone and attached, which keeps its column order. */
export const table: Kind<Row> = {
  name: 'table',
  catalog: 'pg_class',
  rank: 60,
  title: 'Tables',
  noun: { comment: 'TABLE', owner: 'TABLE', grant: 'TABLE' },
  query: (scope) => `
    SELECT c.oid, n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS identity,
      c.relowner AS owner, c.reltype AS row_type, c.relpersistence = 'u' AS unlogged,
      CASE WHEN m.amname <> 'heap' THEN quote_ident(m.amname) END AS "accessMethod",
      quote_ident(s.spcname) AS tablespace, to_json(c.reloptions) AS options, to_json(o.reloptions) AS "toastOptions",
      CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS "ofType",
      CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS "partitionBy",
      CASE WHEN c.relispartition THEN parents.names ->> 0 END AS "partitionOf",
      CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS bound,
      CASE WHEN NOT c.relispartition THEN parents.names END AS inherits,
      reshaped.oid IS NOT NULL AS reshaped,
      CASE c.relreplident WHEN 'n' THEN 'NOTHING' WHEN 'f' THEN 'FULL'
        -- Without its index the identity is nothing (ALTER TABLE, REPLICA IDENTITY).
        WHEN 'i' THEN CASE WHEN NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident)
          THEN 'NOTHING' END END AS "replicaIdentity",
      c.relrowsecurity AS "rowSecurity", c.relforcerowsecurity AS "forceRowSecurity",
      columns.columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_am m ON m.oid = c.relam LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
    LEFT JOIN pg_class o ON o.oid = c.reltoastrelid
    LEFT JOIN (${parentNames}) parents ON parents.oid = c.oid
    LEFT JOIN (${reshapedHeirs}) reshaped ON reshaped.oid = c.oid
    LEFT JOIN (${relationColumns(['r', 'p'], scope)}) columns ON columns.oid = c.oid
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND ${userRow('c', 'pg_class')} AND ${notLedger('c.oid', scope)}`,
  map: (row) => {
    const columns = columnRows(row.columns);
    return {
      schema: row.schema,
      name: row.name,
      identity: row.identity,
      attributes: attributes({
        columns: columnValues(columns),
        unlogged: row.unlogged,
        accessMethod: row.accessMethod,
        tablespace: row.tablespace,
        options: row.options,
        toastOptions: row.toastOptions,
        ofType: row.ofType,
        partitionBy: row.partitionBy,
        partitionOf: row.partitionOf,
        bound: row.bound,
        inherits: row.inherits,
        reshaped: row.reshaped,
        replicaIdentity: row.replicaIdentity,
        rowSecurity: row.rowSecurity,
        forceRowSecurity: row.forceRowSecurity,
      }),
      also: columnAddresses(columns),
      parts: [rowTypePart(row), ...columnParts(row.identity, columns)],
      columns: columnNumbers(columns),
    };
  },
  create: (object, folded) => {
    const values = object.attributes as unknown as Table;
    const columns = values.columns ?? [];
    const alter = `ALTER TABLE ONLY ${object.identity}`;
    return [
      ...creation(object, values, folded),
      ...columnAlterations(alter, columns),
      ...(values.replicaIdentity === undefined
        ? []
        : [`${alter} REPLICA IDENTITY ${values.replicaIdentity}`]),
      ...(values.partitionOf === undefined
        ? []
        : [`ALTER TABLE ONLY ${values.partitionOf} ATTACH PARTITION ${object.identity} ${values.bound}`]),
      ...keptNotNulls(alter, columns),
    ];
  },
  late: (object) => {
    const { rowSecurity, forceRowSecurity } = object.attributes as Table;
    return [
      ...(rowSecurity === true ? [`ALTER TABLE ${object.identity} ENABLE ROW LEVEL SECURITY`] : []),
      ...(forceRowSecurity === true ? [`ALTER TABLE ONLY ${object.identity} FORCE ROW LEVEL SECURITY`] : []),
    ].map((sql) => ({ phase: 'security' as const, sql }));
  },
  drop: (object) => `DROP TABLE ${object.identity}`,
  deparsed: ['columns', 'partitionBy'],
  // A generated column can't be changed in place: the same columns are made once more.
  redefine: (object) => {
    const probe = quoteQualified(probeSchema, object.name);
    const { columns, partitionBy } = object.attributes as unknown as Table;
    const copy = { ...object, identity: probe, schema: probeSchema };
    const plain = (columns ?? []).map(({ identity: _identity, ...column }) =>
      columnDefinition(column, copy, []),
    );
    const values = partitionBy === undefined ? {} : { partitionBy };
    return { statements: [definition(copy, values, plain)], probe: `table ${probe}` };
  },
};

function creation(object: CatalogObject, values: Table, folded: readonly Folded[]): readonly string[] {
  const { columns = [], inherits, ofType, reshaped } = values;
  if (inherits !== undefined) {
    const heir = { ...object, columns, parents: inherits, reshaped: reshaped === true };
    return heirStatements(heir, folded, (lines, parents) => definition(object, values, lines, parents));
  }
  const line = ofType === undefined ? columnDefinition : typedColumn;
  const lines = [
    ...columns.map((column) => line(column, object, folded)).filter((text) => text !== null),
    ...folded.filter((child) => child.column === null).map((child) => child.text),
  ];
  return [definition(object, values, lines)];
}

/** A typed table names only those columns that have more than their type gives them. */
function typedColumn(column: Column, object: CatalogObject, folded: readonly Folded[]): string | null {
  const { collation: _collation, ...rest } = column;
  const constraints = columnConstraints(rest, object, folded);
  return constraints.length === 0
    ? null
    : [quoteIdent(column.name), 'WITH OPTIONS', ...constraints].join(' ');
}

function definition(
  object: CatalogObject,
  values: Table,
  lines: readonly string[],
  parents: readonly string[] = [],
): string {
  const head = `CREATE ${values.unlogged === true ? 'UNLOGGED ' : ''}TABLE ${object.identity}`;
  const body =
    lines.length === 0 && values.ofType !== undefined
      ? ''
      : ` (\n${lines.map((line) => `  ${line}`).join(',\n')}\n)`;
  return [
    `${head}${values.ofType === undefined ? '' : ` OF ${values.ofType}`}${body}`,
    ...(parents.length === 0 ? [] : [`INHERITS (${parents.join(', ')})`]),
    ...(values.partitionBy === undefined ? [] : [`PARTITION BY ${values.partitionBy}`]),
    ...(values.accessMethod === undefined ? [] : [`USING ${values.accessMethod}`]),
    ...storage(values),
    ...(values.tablespace === undefined ? [] : [`TABLESPACE ${values.tablespace}`]),
  ].join('\n');
}

function storage(values: Table): readonly string[] {
  const options = [
    ...storageParameters(values.options ?? []),
    ...storageParameters(values.toastOptions ?? [], 'toast.'),
  ];
  return options.length === 0 ? [] : [`WITH (${options.join(', ')})`];
}
