import { quoteQualified } from '../../database/sql.js';
import { columnAlterations } from '../column-clauses.js';
import {
  type Column,
  type ColumnTuple,
  columnNumbers,
  columnRows,
  columnValues,
  relationColumns,
} from '../columns.js';
import { type Kind, type KindRow, probeSchema, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { storageParameters } from '../options.js';
import { returnRule, returnRulePart, rowTypePart } from '../relation-parts.js';

interface MaterializedView {
  readonly columns?: readonly Column[];
  readonly definition: string;
  readonly accessMethod?: string;
  readonly tablespace?: string;
  readonly options?: readonly string[];
  readonly toastOptions?: readonly string[];
  readonly populated?: boolean;
}

interface Row extends KindRow, Omit<MaterializedView, 'columns'> {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly row_type: number;
  readonly rule: number;
  readonly columns: readonly ColumnTuple[] | null;
}

/** Materialized views, made empty; those that were populated are populated again at the end. */
export const materializedView: Kind<Row> = {
  name: 'materialized view',
  catalog: 'pg_class',
  rank: 82,
  title: 'Materialized views',
  noun: { comment: 'MATERIALIZED VIEW', owner: 'MATERIALIZED VIEW', grant: 'TABLE' },
  query: (scope) => `
    SELECT c.oid, n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS identity,
      c.relowner AS owner, c.reltype AS row_type, ${returnRule} AS rule, pg_get_viewdef(c.oid) AS definition, c.relispopulated AS populated,
      CASE WHEN m.amname <> 'heap' THEN quote_ident(m.amname) END AS "accessMethod",
      quote_ident(s.spcname) AS tablespace, to_json(c.reloptions) AS options, to_json(o.reloptions) AS "toastOptions",
      columns.columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_am m ON m.oid = c.relam LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
    LEFT JOIN pg_class o ON o.oid = c.reltoastrelid
    LEFT JOIN (${relationColumns(['m'], scope)}) columns ON columns.oid = c.oid
    WHERE c.relkind = 'm' AND ${userRow('c', 'pg_class')}`,
  map: (row) => {
    const columns = columnRows(row.columns);
    return {
      schema: row.schema,
      name: row.name,
      identity: row.identity,
      attributes: attributes({
        columns: columnValues(columns),
        definition: row.definition.replace(/;$/, ''),
        populated: row.populated,
        accessMethod: row.accessMethod,
        tablespace: row.tablespace,
        options: row.options,
        toastOptions: row.toastOptions,
      }),
      parts: [rowTypePart(row), returnRulePart(row)],
      columns: columnNumbers(columns),
    };
  },
  create: (object) => {
    const values = object.attributes as unknown as MaterializedView;
    const options = [
      ...storageParameters(values.options ?? []),
      ...storageParameters(values.toastOptions ?? [], 'toast.'),
    ];
    return [
      [
        `CREATE MATERIALIZED VIEW ${object.identity}`,
        ...(values.accessMethod === undefined ? [] : [`USING ${values.accessMethod}`]),
        ...(options.length === 0 ? [] : [`WITH (${options.join(', ')})`]),
        ...(values.tablespace === undefined ? [] : [`TABLESPACE ${values.tablespace}`]),
        'AS',
        values.definition,
        '  WITH NO DATA',
      ].join('\n'),
      ...columnAlterations(`ALTER MATERIALIZED VIEW ${object.identity}`, values.columns ?? []),
    ];
  },
  late: (object) =>
    object.attributes.populated === true
      ? [{ phase: 'contents', sql: `REFRESH MATERIALIZED VIEW ${object.identity}` }]
      : [],
  drop: (object) => `DROP MATERIALIZED VIEW ${object.identity}`,
  deparsed: ['definition'],
  redefine: (object) => {
    const probe = quoteQualified(probeSchema, object.name);
    return {
      statements: [`CREATE VIEW ${probe} AS\n${object.attributes.definition}`],
      probe: `view ${probe}`,
    };
  },
};
