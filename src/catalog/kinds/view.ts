import { quoteIdent } from '../../database/sql.js';
import { address, type Kind, type KindRow, userRow } from '../kind.js';
import { attributes, type CatalogObject } from '../model.js';
import { storageParameters } from '../options.js';
import { returnRule, returnRulePart, rowTypePart } from '../relation-parts.js';

interface ViewColumn {
  readonly name: string;
  readonly type: string;
  readonly collation?: string;
}

interface View {
  readonly columns?: readonly ViewColumn[];
  readonly definition: string;
  readonly options?: readonly string[];
  readonly checkOption?: string;
  /** It was replaced by a query over itself, which can be made and never be read. */
  readonly recursive?: boolean;
}

interface Row extends KindRow, Omit<View, 'columns'> {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly row_type: number;
  readonly rule: number;
  readonly columns: readonly (ViewColumn & { readonly num: number; readonly typeOid: number })[] | null;
}

/** Before 16 every view's rule names the view as OLD and as NEW, which no reader of the view needs. */
const beyondOldAndNew = `AND (self.refobjsubid > 0
  OR (SELECT count(*) FROM regexp_matches(w.ev_action::text, ':relid ' || c.oid || ' ', 'g')) > 2)`;

/** Views. In a cycle a view is first made of NULLs of its columns' types, then replaced by the real one. */
export const view: Kind<Row> = {
  name: 'view',
  catalog: 'pg_class',
  rank: 80,
  title: 'Views',
  noun: { comment: 'VIEW', owner: 'VIEW', grant: 'TABLE' },
  query: (scope) => `
    SELECT c.oid, n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS identity,
      c.relowner AS owner, c.reltype AS row_type,
      ${returnRule} AS rule, pg_get_viewdef(c.oid) AS definition,
      (SELECT json_agg(o ORDER BY o) FROM unnest(c.reloptions) o WHERE o !~ '^check_option=') AS options,
      (SELECT upper(substring(o FROM 14)) FROM unnest(c.reloptions) o WHERE o ~ '^check_option=') AS "checkOption",
      EXISTS (SELECT FROM pg_rewrite w JOIN pg_depend self ON self.classid = 2618 AND self.objid = w.oid
        WHERE w.ev_class = c.oid AND w.rulename = '_RETURN' AND self.refclassid = 1259 AND self.refobjid = c.oid
          AND self.deptype = 'n' ${scope.version < 160000 ? beyondOldAndNew : ''}) AS recursive,
      (SELECT json_agg(json_strip_nulls(json_build_object('num', a.attnum, 'typeOid', a.atttypid::int8, 'name', a.attname,
          'type', format_type(a.atttypid, a.atttypmod),
          'collation', CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0 THEN (
            SELECT format('%I.%I', cn.nspname, l.collname) FROM pg_collation l
            JOIN pg_namespace cn ON cn.oid = l.collnamespace WHERE l.oid = a.attcollation) END)) ORDER BY a.attnum)
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'v' AND c.relpersistence <> 't' AND ${userRow('c', 'pg_class')}`,
  map: (row) => ({
    schema: row.schema,
    name: row.name,
    identity: row.identity,
    attributes: attributes({
      columns: (row.columns ?? []).map(({ num: _num, typeOid: _oid, ...column }) => column),
      definition: row.definition.replace(/;$/, ''),
      options: row.options,
      checkOption: row.checkOption,
      recursive: row.recursive,
    }),
    shell: (row.columns ?? []).map((column) => address('pg_type', column.typeOid)),
    parts: [rowTypePart(row), returnRulePart(row)],
    columns: Object.fromEntries((row.columns ?? []).map((column) => [column.num, column.name])),
  }),
  create: (object) =>
    object.attributes.recursive === true
      ? [shell(object), definition('CREATE OR REPLACE VIEW', object)]
      : [definition('CREATE VIEW', object)],
  split: (object) => ({ shell: [shell(object)], rest: [definition('CREATE OR REPLACE VIEW', object)] }),
  drop: (object) => `DROP VIEW ${object.identity}`,
  deparsed: ['definition'],
  redefine: (object) => ({ statements: [definition('CREATE OR REPLACE VIEW', object)] }),
};

/** A view of the same columns over nothing. */
function shell(object: CatalogObject): string {
  const { columns = [] } = object.attributes as unknown as View;
  const nulls = columns.map(
    (column) =>
      `NULL::${column.type}${column.collation === undefined ? '' : ` COLLATE ${column.collation}`} AS ${quoteIdent(column.name)}`,
  );
  return `CREATE VIEW ${object.identity} AS\n SELECT ${nulls.join(',\n    ')}`;
}

function definition(verb: string, object: CatalogObject): string {
  const values = object.attributes as unknown as View;
  const options = storageParameters(values.options ?? []);
  return [
    `${verb} ${object.identity}${options.length === 0 ? '' : ` WITH (${options.join(', ')})`} AS`,
    values.definition,
    ...(values.checkOption === undefined ? [] : [`  WITH ${values.checkOption} CHECK OPTION`]),
  ].join('\n');
}
