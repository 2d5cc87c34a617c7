import { address, type Kind, type KindRow, userRow } from '../kind.js';
import { attributes, type CatalogObject } from '../model.js';

interface Range {
  readonly subtype: string;
  readonly opclass?: string;
  readonly collation?: string;
  readonly canonical?: string;
  readonly subdiff?: string;
  readonly multirange: string;
}

interface Row extends KindRow, Range {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly multirange_oid: number;
}

const qualified = (oid: string, catalog: string, prefix: string): string =>
  `(SELECT format('%I.%I', qn.nspname, q.${prefix}name) FROM ${catalog} q
    JOIN pg_namespace qn ON qn.oid = q.${prefix}namespace WHERE q.oid = ${oid})`;

/** Range types and the multirange that comes with each. */
export const range: Kind<Row> = {
  name: 'range',
  catalog: 'pg_type',
  rank: 34,
  // Only functions can name a type that is still a shell.
  shellServes: [70],
  title: 'Types',
  noun: { comment: 'TYPE', owner: 'TYPE', grant: 'TYPE' },
  query: () => `
    SELECT t.oid, n.nspname AS schema, t.typname AS name, format('%I.%I', n.nspname, t.typname) AS identity,
      t.typowner AS owner, r.rngmultitypid AS multirange_oid, format_type(r.rngsubtype, NULL) AS subtype,
      CASE WHEN NOT o.opcdefault THEN ${qualified('r.rngsubopc', 'pg_opclass', 'opc')} END AS opclass,
      CASE WHEN r.rngcollation <> s.typcollation AND r.rngcollation <> 0
        THEN ${qualified('r.rngcollation', 'pg_collation', 'coll')} END AS collation,
      CASE WHEN r.rngcanonical <> 0 THEN ${qualified('r.rngcanonical', 'pg_proc', 'pro')} END AS canonical,
      CASE WHEN r.rngsubdiff <> 0 THEN ${qualified('r.rngsubdiff', 'pg_proc', 'pro')} END AS subdiff,
      ${qualified('r.rngmultitypid', 'pg_type', 'typ')} AS multirange
    FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid JOIN pg_type s ON s.oid = r.rngsubtype
    JOIN pg_opclass o ON o.oid = r.rngsubopc JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE ${userRow('t', 'pg_type')}`,
  map: (row) => ({
    schema: row.schema,
    name: row.name,
    identity: row.identity,
    attributes: attributes({
      subtype: row.subtype,
      opclass: row.opclass,
      collation: row.collation,
      canonical: row.canonical,
      subdiff: row.subdiff,
      multirange: row.multirange,
    }),
    shell: [],
    also: [address('pg_type', row.multirange_oid)],
  }),
  create: (object) => [definition(object)],
  split: (object) => ({ shell: [`CREATE TYPE ${object.identity}`], rest: [definition(object)] }),
  drop: (object) => `DROP TYPE ${object.identity}`,
};

function definition(object: CatalogObject): string {
  const range = object.attributes as unknown as Range;
  const options = [
    ['SUBTYPE', range.subtype],
    ['SUBTYPE_OPCLASS', range.opclass],
    ['COLLATION', range.collation],
    ['CANONICAL', range.canonical],
    ['SUBTYPE_DIFF', range.subdiff],
    ['MULTIRANGE_TYPE_NAME', range.multirange],
  ].filter(([, value]) => value !== undefined);
  return `CREATE TYPE ${object.identity} AS RANGE (\n${options.map(([key, value]) => `  ${key} = ${value}`).join(',\n')}\n)`;
}
