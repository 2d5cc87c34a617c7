import { quoteQualified } from '../../database/sql.js';
import { address, type Kind, type KindRow, userRow } from '../kind.js';
import { attributes, type CatalogObject, type Value } from '../model.js';
import { type Member, type MemberCatalog, memberClause, memberJson } from '../operator-members.js';

interface OperatorClass {
  readonly type: string;
  readonly method: string;
  readonly default?: boolean;
  /** Where its name isn't the class's own. */
  readonly family?: string;
  readonly storage?: string;
  readonly operators?: readonly Member[];
  readonly functions?: readonly Member[];
}

type MemberRow = Member & { readonly oid: number };

interface Row extends KindRow, OperatorClass {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly operators: readonly MemberRow[];
  readonly functions: readonly MemberRow[];
}

/** Operator classes with the members that are tied to them; PostgreSQL ties the others to the family. */
export const operatorClass: Kind<Row> = {
  name: 'operator class',
  catalog: 'pg_opclass',
  rank: 46,
  title: 'Operator classes and families',
  noun: { comment: 'OPERATOR CLASS', owner: 'OPERATOR CLASS' },
  query: () => `
    SELECT o.oid, n.nspname AS schema, o.opcname AS name, format('%I.%I USING %I', n.nspname, o.opcname, m.amname) AS identity,
      o.opcowner AS owner, format_type(o.opcintype, NULL) AS type, quote_ident(m.amname) AS method, o.opcdefault AS default,
      CASE WHEN (fn.nspname, f.opfname) <> (n.nspname, o.opcname) THEN format('%I.%I', fn.nspname, f.opfname) END AS family,
      CASE WHEN o.opckeytype NOT IN (0, o.opcintype) THEN format_type(o.opckeytype, NULL) END AS storage,
      ${members('pg_amop')} AS operators, ${members('pg_amproc')} AS functions
    FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace JOIN pg_am m ON m.oid = o.opcmethod
    JOIN pg_opfamily f ON f.oid = o.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace
    WHERE ${userRow('o', 'pg_opclass')}`,
  map: (row) => ({
    schema: row.schema,
    name: row.name,
    identity: row.identity,
    attributes: attributes({
      type: row.type,
      method: row.method,
      default: row.default,
      family: row.family,
      storage: row.storage,
      operators: row.operators.map(withoutOid),
      functions: row.functions.map(withoutOid),
    }),
    also: [
      ...row.operators.map(({ oid }) => address('pg_amop', oid)),
      ...row.functions.map(({ oid }) => address('pg_amproc', oid)),
    ],
  }),
  create: (object) => [definition(object)],
  drop: (object) => `DROP OPERATOR CLASS ${object.identity}`,
};

/** SQL for the json array of MemberRow of the class `o`. */
function members(catalog: MemberCatalog): string {
  return `(SELECT coalesce(json_agg(j.member ORDER BY (j.member ->> 'number')::int, j.member ->> 'left' COLLATE "C",
      j.member ->> 'right' COLLATE "C"), '[]')
    FROM pg_depend d JOIN ${catalog} x ON x.oid = d.objid
    CROSS JOIN LATERAL (SELECT json_strip_nulls(json_build_object('oid', x.oid::int8, ${memberJson('x', catalog)})) AS member) j
    WHERE d.classid = '${catalog}'::regclass AND d.refclassid = 'pg_opclass'::regclass AND d.refobjid = o.oid)`;
}

function withoutOid({ oid: _oid, ...member }: MemberRow): Value {
  return { ...member } as unknown as Value;
}

function definition(object: CatalogObject): string {
  const values = object.attributes as unknown as OperatorClass;
  const { operators = [], functions = [], storage, type, method } = values;
  const items = [
    ...(storage === undefined ? [] : [`STORAGE ${storage}`]),
    ...operators.map((member) => memberClause(member, 'pg_amop')),
    ...functions.map((member) => memberClause(member, 'pg_amproc')),
  ];
  const name = quoteQualified(object.schema ?? '', object.name);
  return [
    `CREATE OPERATOR CLASS ${name}`,
    `  ${values.default === true ? 'DEFAULT ' : ''}FOR TYPE ${type} USING ${method}${values.family === undefined ? '' : ` FAMILY ${values.family}`} AS`,
    // The list can't be empty; storing the type itself is what happens anyway.
    `  ${(items.length === 0 ? [`STORAGE ${type}`] : items).join(',\n  ')}`,
  ].join('\n');
}
