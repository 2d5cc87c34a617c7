import { quoteQualified } from '../../database/sql.js';
import { columnAlterations, columnDefinition, keptNotNulls } from '../column-clauses.js';
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
import { type Folded, type Kind, type KindRow, probeSchema, userRow } from '../kind.js';
import { attributes, type CatalogObject } from '../model.js';
import { optionsClause } from '../options.js';
import { rowTypePart } from '../relation-parts.js';
import { plainOptions } from '../secrets.js';

interface ForeignTable {
  readonly columns?: readonly Column[];
  readonly server: string;
  readonly options?: readonly string[];
  readonly partitionOf?: string;
  readonly bound?: string;
  readonly inherits?: readonly string[];
  readonly reshaped?: boolean;
}

interface Row extends KindRow, Omit<ForeignTable, 'columns'> {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly row_type: number;
  readonly columns: readonly ColumnTuple[] | null;
}

/** Foreign tables. Their rows are another server's. */
export const foreignTable: Kind<Row> = {
  name: 'foreign table',
  catalog: 'pg_class',
  rank: 62,
  title: 'Foreign tables',
  noun: { comment: 'FOREIGN TABLE', owner: 'FOREIGN TABLE', grant: 'TABLE' },
  query: (scope) => `
    SELECT c.oid, n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS identity,
      c.relowner AS owner, c.reltype AS row_type, quote_ident(s.srvname) AS server, ${plainOptions('f.ftoptions')} AS options,
      CASE WHEN c.relispartition THEN parents.names ->> 0 END AS "partitionOf",
      CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS bound,
      CASE WHEN NOT c.relispartition THEN parents.names END AS inherits, reshaped.oid IS NOT NULL AS reshaped,
      columns.columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_foreign_table f ON f.ftrelid = c.oid JOIN pg_foreign_server s ON s.oid = f.ftserver
    LEFT JOIN (${parentNames}) parents ON parents.oid = c.oid
    LEFT JOIN (${reshapedHeirs}) reshaped ON reshaped.oid = c.oid
    LEFT JOIN (${relationColumns(['f'], scope)}) columns ON columns.oid = c.oid
    WHERE ${userRow('c', 'pg_class')}`,
  map: (row) => {
    const columns = columnRows(row.columns);
    return {
      schema: row.schema,
      name: row.name,
      identity: row.identity,
      attributes: attributes({
        columns: columnValues(columns),
        server: row.server,
        options: row.options,
        partitionOf: row.partitionOf,
        bound: row.bound,
        inherits: row.inherits,
        reshaped: row.reshaped,
      }),
      also: columnAddresses(columns),
      parts: [rowTypePart(row), ...columnParts(row.identity, columns)],
      columns: columnNumbers(columns),
    };
  },
  create: (object, folded) => {
    const values = read(object);
    return [
      ...creation(object, values, folded),
      ...columnAlterations(`ALTER FOREIGN TABLE ONLY ${object.identity}`, values.columns ?? []),
      ...(values.partitionOf === undefined
        ? []
        : [`ALTER TABLE ONLY ${values.partitionOf} ATTACH PARTITION ${object.identity} ${values.bound}`]),
      ...keptNotNulls(`ALTER TABLE ONLY ${object.identity}`, values.columns ?? []),
    ];
  },
  drop: (object) => `DROP FOREIGN TABLE ${object.identity}`,
  deparsed: ['columns'],
  redefine: (object) => {
    const probe = quoteQualified(probeSchema, object.name);
    const copy = { ...object, identity: probe, schema: probeSchema };
    const lines = (read(object).columns ?? []).map((column) => columnDefinition(column, copy, []));
    return { statements: [definition(copy, read(object), lines)], probe: `foreign table ${probe}` };
  },
};

function read(object: CatalogObject): ForeignTable {
  return object.attributes as unknown as ForeignTable;
}

function creation(object: CatalogObject, values: ForeignTable, folded: readonly Folded[]): readonly string[] {
  const { columns = [], inherits, reshaped } = values;
  if (inherits !== undefined) {
    const heir = { ...object, columns, parents: inherits, reshaped: reshaped === true };
    return heirStatements(heir, folded, (lines, parents) => definition(object, values, lines, parents));
  }
  const lines = [
    ...columns.map((column) => columnDefinition(column, object, folded)),
    ...folded.filter((child) => child.column === null).map((child) => child.text),
  ];
  return [definition(object, values, lines)];
}

function definition(
  object: CatalogObject,
  values: ForeignTable,
  lines: readonly string[],
  parents: readonly string[] = [],
): string {
  return [
    `CREATE FOREIGN TABLE ${object.identity} (\n${lines.map((line) => `  ${line}`).join(',\n')}\n)`,
    ...(parents.length === 0 ? [] : [`INHERITS (${parents.join(', ')})`]),
    `SERVER ${values.server}`,
    ...optionsClause(values.options),
  ].join('\n');
}
