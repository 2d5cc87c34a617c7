import type { Queryable } from '../database/client.js';
import type { StoredColumn, StoredTable } from './tables.js';

/** The relations of extensions in which migrations may have left something. */
export interface ExtensionRelations {
  /** Tables that an extension marks as its configuration: their rows are the user's. */
  readonly tables: readonly StoredTable[];
  /** Sequences that it marks likewise, by identity. */
  readonly sequences: readonly string[];
  /** All other tables: what a migration writes there, no baseline can tell from the extension's own. */
  readonly unmarked: readonly StoredTable[];
}

interface Row {
  readonly extension: string;
  readonly relkind: string;
  readonly identity: string;
  readonly condition: string | null;
  readonly columns: readonly StoredColumn[] | null;
  readonly primary_key: readonly string[] | null;
  readonly forced: boolean;
}

/** Members of extensions; what they mark as configuration stands in pg_extension (manual, Extension Configuration Tables). */
const query = `
  SELECT quote_ident(e.extname) AS extension, c.relkind, format('%I.%I', n.nspname, c.relname) AS identity,
    c.relforcerowsecurity AS forced,
    (SELECT u.condition FROM unnest(e.extconfig, e.extcondition) u (config, condition) WHERE u.config = c.oid) AS condition,
    (SELECT json_agg(json_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'default', pg_get_expr(d.adbin, d.adrelid),
        'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END) ORDER BY a.attnum)
      FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
    (SELECT json_agg(a.attname ORDER BY u.at)
      FROM pg_constraint k, unnest(k.conkey) WITH ORDINALITY u (num, at), pg_attribute a
      WHERE k.conrelid = c.oid AND k.contype = 'p' AND a.attrelid = c.oid AND a.attnum = u.num) AS primary_key
  FROM pg_extension e
  JOIN pg_depend m ON m.refclassid = 'pg_extension'::regclass AND m.refobjid = e.oid AND m.deptype = 'e'
    AND m.classid = 'pg_class'::regclass
  JOIN pg_class c ON c.oid = m.objid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE e.oid >= 16384 AND c.relkind IN ('r', 'S')
    AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT') ELSE has_table_privilege(c.oid, 'SELECT') END
  ORDER BY 3`;

/** Reads them; what the session's role may not read is passed over, since it could not have written there either. */
export async function readExtensionRelations(client: Queryable): Promise<ExtensionRelations> {
  const { rows } = await client.query<Row>(query);
  const marked = rows.filter(({ condition }) => condition !== null);
  const tables = (of: readonly Row[]): readonly StoredTable[] =>
    of.filter(({ relkind }) => relkind === 'r').map(storedTable);
  return {
    tables: tables(marked),
    sequences: marked.filter(({ relkind }) => relkind === 'S').map(({ identity }) => identity),
    unmarked: tables(rows.filter(({ condition }) => condition === null)),
  };
}

function storedTable({ extension, identity, condition, columns, primary_key, forced }: Row): StoredTable {
  return {
    id: `table ${identity}`,
    identity,
    columns: columns ?? [],
    primaryKey: primary_key,
    uniqueKeys: [],
    foreignKeys: [],
    partitionOf: [],
    forcesRowSecurity: forced,
    madeBy: `extension ${extension}`,
    condition: condition ?? '',
  };
}
