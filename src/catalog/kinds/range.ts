import { address, type Kind, type KindRow, type Part, userRow } from '../kind.js';
import { attributes, type CatalogObject } from '../model.js';
import { functionSignature, qualifiedName } from '../names.js';
import { parameterList } from '../parameters.js';

interface Range {
  readonly subtype: string;
  readonly opclass?: string;
  readonly collation?: string;
  readonly canonical?: string;
  readonly subdiff?: string;
  readonly multirange: string;
  readonly usualMultirange?: boolean;
}

interface Row extends KindRow, Range {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly multirange_oid: number;
  readonly constructors: readonly { readonly oid: number; readonly signature: string }[];
}

/** The name that PostgreSQL gives a multirange when none is said: `makeMultirangeTypeName`, short of cutting it. */
const usualMultirange = `CASE WHEN position('range' IN t.typname) > 0 THEN regexp_replace(t.typname, 'range', 'multirange')
  ELSE t.typname || '_multirange' END`;

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
      CASE WHEN NOT o.opcdefault THEN ${qualifiedName('r.rngsubopc', 'pg_opclass')} END AS opclass,
      CASE WHEN r.rngcollation <> s.typcollation AND r.rngcollation <> 0
        THEN ${qualifiedName('r.rngcollation', 'pg_collation')} END AS collation,
      ${qualifiedName('r.rngcanonical', 'pg_proc')} AS canonical, ${qualifiedName('r.rngsubdiff', 'pg_proc')} AS subdiff,
      format('%I.%I', mn.nspname, m.typname) AS multirange,
      m.typnamespace = t.typnamespace AND m.typname = ${usualMultirange} AS "usualMultirange",
      (SELECT json_agg(json_build_object('oid', cd.objid::int8, 'signature', ${functionSignature('cd.objid')}))
        FROM pg_depend cd WHERE cd.classid = 1255 AND cd.refclassid = 1247 AND cd.refobjid IN (t.oid, m.oid)
          AND cd.deptype = 'i') AS constructors
    FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid JOIN pg_type s ON s.oid = r.rngsubtype
    JOIN pg_type m ON m.oid = r.rngmultitypid JOIN pg_namespace mn ON mn.oid = m.typnamespace
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
      usualMultirange: row.usualMultirange,
    }),
    shell: [],
    parts: [
      [address('pg_type', row.multirange_oid), `TYPE ${row.multirange}`],
      ...row.constructors.map(
        ({ oid, signature }): Part => [address('pg_proc', oid), `FUNCTION ${signature}`],
      ),
    ],
  }),
  create: (object) => [definition(object)],
  split: (object) => ({ shell: [`CREATE TYPE ${object.identity}`], rest: [definition(object)] }),
  drop: (object) => `DROP TYPE ${object.identity}`,
};

function definition(object: CatalogObject): string {
  const range = object.attributes as unknown as Range;
  const parameters = parameterList({
    SUBTYPE: range.subtype,
    SUBTYPE_OPCLASS: range.opclass,
    COLLATION: range.collation,
    CANONICAL: range.canonical,
    SUBTYPE_DIFF: range.subdiff,
    MULTIRANGE_TYPE_NAME: range.usualMultirange === true ? undefined : range.multirange,
  });
  return `CREATE TYPE ${object.identity} AS RANGE ${parameters}`;
}
