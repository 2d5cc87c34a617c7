import { quoteIdent } from '../../database/sql.js';
import { address, type Kind, type KindRow, notLedger, userRow } from '../kind.js';
import { attributes, type CatalogObject } from '../model.js';

interface Row extends KindRow {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly relation: number;
  readonly relation_identity: string;
  readonly noun: 'TABLE' | 'VIEW' | 'FOREIGN TABLE';
  readonly expression: string;
}

/** Column defaults: inside their CREATE TABLE, or an ALTER of their own in a cycle and on views. */
export const columnDefault: Kind<Row> = {
  name: 'default',
  catalog: 'pg_attrdef',
  rank: 66,
  title: 'Column defaults',
  noun: {},
  query: (scope) => `
    SELECT d.oid, n.nspname AS schema, a.attname AS name, format('%I.%I.%I', n.nspname, c.relname, a.attname) AS identity,
      c.oid AS relation, format('%I.%I', n.nspname, c.relname) AS relation_identity,
      CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS noun,
      pg_get_expr(d.adbin, d.adrelid) AS expression
    FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (SELECT a.attname, a.attgenerated FROM pg_attribute a
      WHERE a.attrelid = d.adrelid AND a.attnum = d.adnum OFFSET 0) a -- by its index, whatever the planner thinks of it
    WHERE a.attgenerated = '' AND c.relpersistence <> 't' AND ${userRow('d', 'pg_attrdef')}
      AND ${notLedger('c.oid', scope)}`,
  map: (row) => ({
    schema: row.schema,
    name: row.name,
    identity: row.identity,
    attributes: attributes({ relation: row.relation_identity, noun: row.noun, expression: row.expression }),
    requires: [address('pg_class', row.relation)],
    ...(row.noun === 'VIEW' ? {} : { host: address('pg_class', row.relation) }),
  }),
  fold: (object) => ({ column: object.name, text: `DEFAULT ${object.attributes.expression}` }),
  create: (object) => [`${alter(object)} SET DEFAULT ${object.attributes.expression}`],
  drop: (object) => `${alter(object)} DROP DEFAULT`,
  deparsed: ['expression'],
  redefine: (object) => ({ statements: [`${alter(object)} SET DEFAULT ${object.attributes.expression}`] }),
};

function alter(object: CatalogObject): string {
  const { noun, relation } = object.attributes as { noun: string; relation: string };
  return `ALTER ${noun} ${noun === 'TABLE' ? 'ONLY ' : ''}${relation} ALTER COLUMN ${quoteIdent(object.name)}`;
}
