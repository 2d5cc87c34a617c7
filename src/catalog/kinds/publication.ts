import { type Address, address, type Kind, type KindRow, type ReadScope, userRow } from '../kind.js';
import { attributes, type CatalogObject } from '../model.js';

/** A table of a publication: all its columns and rows, unless it says which. */
interface PublishedTable {
  readonly table: string;
  readonly columns?: string;
  readonly where?: string;
}

interface Publication {
  readonly allTables?: boolean;
  readonly tables?: readonly PublishedTable[];
  readonly schemas?: readonly string[];
  /** The operations, where not all are published: `insert, update`. */
  readonly publish?: string;
  readonly viaRoot?: boolean;
  readonly generatedColumns?: string;
}

interface Row extends KindRow, Omit<Publication, 'tables' | 'schemas'> {
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly tables: readonly (PublishedTable & { readonly oid: number })[] | null;
  readonly schemas: readonly { readonly oid: number; readonly name: string }[] | null;
}

/** Column lists, row filters and schemas came with PostgreSQL 15. */
function sinceFifteen({ version }: ReadScope, since: string): string {
  return version >= 150000 ? since : 'NULL';
}

/** Publications with their tables, which are named one by one: ONLY keeps heirs out that weren't in. */
export const publication: Kind<Row> = {
  name: 'publication',
  catalog: 'pg_publication',
  rank: 250,
  title: 'Publications',
  noun: { comment: 'PUBLICATION', owner: 'PUBLICATION' },
  query: (scope) => `
    SELECT p.oid, p.pubname AS name, quote_ident(p.pubname) AS identity, p.pubowner AS owner,
      p.puballtables AS "allTables", p.pubviaroot AS "viaRoot",
      ${scope.version >= 180000 ? `CASE p.pubgencols WHEN 's' THEN 'stored' END` : 'NULL'} AS "generatedColumns",
      CASE WHEN NOT (p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate) THEN
        concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
          CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END) END AS publish,
      (SELECT json_agg(json_strip_nulls(json_build_object('oid', r.oid::int8, 'table', format('%I.%I', n.nspname, c.relname),
          'columns', ${sinceFifteen(
            scope,
            `(SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[]))`,
          )},
          'where', ${sinceFifteen(scope, 'pg_get_expr(r.prqual, r.prrelid)')}))
          ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C")
        FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE r.prpubid = p.oid) AS tables,
      ${sinceFifteen(
        scope,
        `(SELECT json_agg(json_build_object('oid', s.oid::int8, 'name', quote_ident(n.nspname)) ORDER BY n.nspname COLLATE "C")
        FROM pg_publication_namespace s JOIN pg_namespace n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid)`,
      )} AS schemas
    FROM pg_publication p
    WHERE ${userRow('p', 'pg_publication')}`,
  map: (row) => ({
    schema: null,
    name: row.name,
    identity: row.identity,
    attributes: attributes({
      allTables: row.allTables,
      tables: (row.tables ?? []).map(({ oid: _oid, ...table }) => ({ ...table })),
      schemas: (row.schemas ?? []).map(({ name }) => name),
      publish: row.publish === '' ? 'nothing' : row.publish,
      viaRoot: row.viaRoot,
      generatedColumns: row.generatedColumns,
    }),
    also: memberAddresses(row),
  }),
  create: (object) => {
    const targets = targetList(object);
    const parameters = parameterList(object);
    return [
      [
        `CREATE PUBLICATION ${object.identity}`,
        ...(read(object).allTables === true ? ['FOR ALL TABLES'] : []),
        ...(targets === '' ? [] : [`FOR ${targets}`]),
        ...(parameters === '' ? [] : [`WITH (${parameters})`]),
      ].join('\n  '),
    ];
  },
  drop: (object) => `DROP PUBLICATION ${object.identity}`,
  deparsed: ['tables'],
  redefine: (object) => ({ statements: [`ALTER PUBLICATION ${object.identity} SET ${targetList(object)}`] }),
};

function read(object: CatalogObject): Publication {
  return object.attributes as unknown as Publication;
}

/** The rows that put tables and schemas into it, which depend on what a row filter calls. */
function memberAddresses({ tables, schemas }: Row): readonly Address[] {
  return [
    ...(tables ?? []).map(({ oid }) => address('pg_publication_rel', oid)),
    ...(schemas ?? []).map(({ oid }) => address('pg_publication_namespace', oid)),
  ];
}

/** `TABLE ONLY a (id) WHERE (…), ONLY b, TABLES IN SCHEMA s, t`; before 15 the word TABLE may stand once only. */
function targetList(object: CatalogObject): string {
  const { tables = [], schemas = [] } = read(object);
  const named = tables.map(({ table, columns, where }) =>
    [
      `ONLY ${table}`,
      ...(columns === undefined ? [] : [`(${columns})`]),
      ...(where === undefined ? [] : [`WHERE (${where})`]),
    ].join(' '),
  );
  return [
    ...(named.length === 0 ? [] : [`TABLE ${named.join(',\n    ')}`]),
    ...(schemas.length === 0 ? [] : [`TABLES IN SCHEMA ${schemas.join(', ')}`]),
  ].join(',\n    ');
}

function parameterList(object: CatalogObject): string {
  const { publish, viaRoot, generatedColumns } = read(object);
  return [
    ...(publish === undefined ? [] : [`publish = '${publish === 'nothing' ? '' : publish}'`]),
    ...(viaRoot === true ? ['publish_via_partition_root = true'] : []),
    ...(generatedColumns === undefined ? [] : [`publish_generated_columns = ${generatedColumns}`]),
  ].join(', ');
}
