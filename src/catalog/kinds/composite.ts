import { quoteIdent } from '../../database/sql.js';
import { address, type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';

interface Field {
  readonly name: string;
  readonly type: string;
  readonly collation?: string;
}

interface Row extends KindRow {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly relation: number;
  readonly fields: readonly (Field & { readonly num: number })[] | null;
}

/** Composite types that were made with CREATE TYPE … AS; the row types of tables come by themselves. */
export const composite: Kind<Row> = {
  name: 'composite',
  catalog: 'pg_type',
  rank: 30,
  title: 'Types',
  noun: { comment: 'TYPE', owner: 'TYPE', grant: 'TYPE' },
  query: () => `
    SELECT t.oid, n.nspname AS schema, t.typname AS name, format('%I.%I', n.nspname, t.typname) AS identity,
      t.typowner AS owner, c.oid AS relation,
      (SELECT json_agg(json_strip_nulls(json_build_object('num', a.attnum, 'name', a.attname,
          'type', format_type(a.atttypid, a.atttypmod),
          'collation', CASE WHEN a.attcollation <> ft.typcollation AND a.attcollation <> 0 THEN (
            SELECT format('%I.%I', cn.nspname, l.collname) FROM pg_collation l
            JOIN pg_namespace cn ON cn.oid = l.collnamespace WHERE l.oid = a.attcollation) END)) ORDER BY a.attnum)
        FROM pg_attribute a JOIN pg_type ft ON ft.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS fields
    FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype = 'c' AND c.relkind = 'c' AND ${userRow('t', 'pg_type')}`,
  map: (row) => ({
    schema: row.schema,
    name: row.name,
    identity: row.identity,
    attributes: attributes({ fields: (row.fields ?? []).map(({ num: _num, ...field }) => field) }),
    also: [address('pg_class', row.relation)],
    columns: Object.fromEntries((row.fields ?? []).map((field) => [field.num, field.name])),
  }),
  create: (object) => {
    const { fields = [] } = object.attributes as unknown as { fields?: readonly Field[] };
    const lines = fields.map(
      (field) =>
        `\n  ${quoteIdent(field.name)} ${field.type}${field.collation === undefined ? '' : ` COLLATE ${field.collation}`}`,
    );
    return [`CREATE TYPE ${object.identity} AS (${lines.join(',')}\n)`];
  },
  drop: (object) => `DROP TYPE ${object.identity}`,
};
