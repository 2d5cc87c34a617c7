import { type Grant, grantStatements, takenBack } from '../aspects/grants.js';
import { catalogOids, type Kind, type KindRow, membersOf, type SystemCatalog } from '../kind.js';
import { attributes } from '../model.js';

interface Row extends KindRow {
  readonly identity: string;
  readonly columns: Readonly<Record<number, string>> | null;
}

/** A system catalog whose rows have privileges. */
interface Source {
  readonly catalog: SystemCatalog;
  /** Of its columns: `rel` in relname and relacl. */
  readonly prefix: string;
  /** SQL for acldefault's letter. */
  readonly type: string;
  /** SQL for what stands after GRANT … ON, of the row `o`. */
  readonly target: string;
  /** SQL for the rows that count. */
  readonly condition?: string;
}

const inSchema = (prefix: string): string =>
  `(SELECT format('%I.%I', n.nspname, o.${prefix}name) FROM pg_namespace n WHERE n.oid = o.${prefix}namespace)`;

/** initdb doesn't record what it grants in the information schema, and pg_dump leaves it out as well. */
const elsewhere = (prefix: string): string =>
  `NOT EXISTS (SELECT FROM pg_namespace n WHERE n.oid = o.${prefix}namespace AND n.nspname = 'information_schema')`;

const sources: readonly Source[] = [
  {
    catalog: 'pg_class',
    prefix: 'rel',
    type: `CASE o.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END`,
    target: `CASE o.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || ${inSchema('rel')}`,
    condition: elsewhere('rel'),
  },
  {
    catalog: 'pg_proc',
    prefix: 'pro',
    type: `'f'`,
    target: `'ROUTINE ' || ${inSchema('pro')} || '(' || coalesce((SELECT string_agg(format_type(a.type, NULL), ', ' ORDER BY a.at)
      FROM unnest(o.proargtypes::oid[]) WITH ORDINALITY a (type, at)), '') || ')'`,
    condition: elsewhere('pro'),
  },
  {
    catalog: 'pg_type',
    prefix: 'typ',
    type: `'T'`,
    target: `'TYPE ' || ${inSchema('typ')}`,
    condition: elsewhere('typ'),
  },
  {
    catalog: 'pg_namespace',
    prefix: 'nsp',
    type: `'n'`,
    target: `format('SCHEMA %I', o.nspname)`,
    condition: `o.nspname NOT IN ('public', 'information_schema')`,
  },
  { catalog: 'pg_language', prefix: 'lan', type: `'l'`, target: `format('LANGUAGE %I', o.lanname)` },
  {
    catalog: 'pg_foreign_data_wrapper',
    prefix: 'fdw',
    type: `'F'`,
    target: `format('FOREIGN DATA WRAPPER %I', o.fdwname)`,
  },
];

/** Objects of the server and of extensions, only where their privileges aren't the ones they came with. */
export const builtIns: readonly Kind<Row>[] = sources.map(builtIn);

const columnNames = `(SELECT json_object_agg(a.attnum, a.attname) FROM pg_attribute a
  WHERE a.attrelid = o.oid AND a.attacl IS NOT NULL)`;

function builtIn({ catalog, prefix, type, target, condition = 'true' }: Source): Kind<Row> {
  const classid = catalogOids[catalog];
  const initial = (subid: string): string =>
    `(SELECT i.initprivs FROM pg_init_privs i WHERE i.classoid = ${classid} AND i.objoid = o.oid AND i.objsubid = ${subid})`;
  const born = `acldefault(${type}, o.${prefix}owner)`;
  const isRelation = catalog === 'pg_class';
  const changedColumns = `SELECT FROM pg_attribute a WHERE a.attrelid = o.oid
    AND ${differ('a.attacl', initial('a.attnum'), `acldefault('c', o.${prefix}owner)`)}`;
  // Thousands of built-in functions have neither: only for the rest it pays to compare.
  const bearsPrivileges = `(o.${prefix}acl IS NOT NULL OR o.oid IN (
    SELECT p.objoid FROM pg_init_privs p WHERE p.classoid = ${classid} AND p.objsubid = 0))`;
  const bearsColumnPrivileges = `o.oid IN (SELECT a.attrelid FROM pg_attribute a WHERE a.attacl IS NOT NULL
    UNION ALL SELECT p.objoid FROM pg_init_privs p WHERE p.classoid = ${classid} AND p.objsubid > 0)`;
  return {
    name: `privileges in ${catalog}`,
    catalog,
    rank: 910,
    title: 'Privileges',
    noun: { grant: '' },
    query: () => `
      SELECT o.oid, ${target} AS identity,
        ${isRelation ? columnNames : 'NULL'} AS columns
      FROM ${catalog} o
      WHERE (o.oid < 16384 OR o.oid IN (${membersOf(catalog)}))
        AND ${condition}
        AND (${bearsPrivileges} AND ${differ(`o.${prefix}acl`, initial('0'), born)}${
          isRelation ? ` OR ${bearsColumnPrivileges} AND EXISTS (${changedColumns})` : ''
        })`,
    map: (row) => ({
      schema: null,
      name: row.identity,
      identity: row.identity,
      attributes: attributes({}),
      columns: row.columns ?? {},
    }),
    create: () => [],
    drop: ({ identity, attributes: { grants = [], grantsOfColumns = {} } }) =>
      [
        ...Object.entries(grantsOfColumns as object).flatMap(([column, list]) =>
          grantStatements(takenBack(list as readonly Grant[]), identity, column),
        ),
        ...grantStatements(takenBack(grants as unknown as readonly Grant[]), identity),
      ].join(';\n'),
    grantTarget: ({ identity }) => identity,
  };
}

/** SQL: whether an ACL, whose NULL stands for `born`, grants anything else than the initial one. */
function differ(acl: string, initial: string, born: string): string {
  const now = `SELECT * FROM aclexplode(coalesce(${acl}, ${born}))`;
  const before = `SELECT * FROM aclexplode(coalesce(${initial}, ${born}))`;
  return `(${acl} IS NOT NULL OR ${initial} IS NOT NULL)
    AND EXISTS ((${now} EXCEPT ${before}) UNION ALL (${before} EXCEPT ${now}))`;
}
