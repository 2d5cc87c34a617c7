import type { Queryable } from '../database/client.js';

/** Rows of these change without a change of any object, or say nothing about one; pg_class is read by itself. */
const leftOut = [
  'pg_class',
  'pg_statistic',
  'pg_statistic_ext_data',
  'pg_largeobject',
  'pg_largeobject_metadata',
  'pg_replication_origin',
];

/** Cluster-wide catalogs that hold something of this database. */
const shared = ['pg_db_role_setting', 'pg_shdescription', 'pg_shseclabel'];

/** Columns by which a row belongs to a temporary object: other sessions come and go with those. */
const owners: Readonly<Record<string, readonly string[]>> = {
  pg_attribute: ['attrelid'],
  pg_attrdef: ['oid'],
  pg_constraint: ['oid'],
  pg_depend: ['objid', 'refobjid'],
  pg_index: ['indexrelid'],
  pg_inherits: ['inhrelid'],
  pg_namespace: ['oid'],
  pg_rewrite: ['ev_class'],
  pg_sequence: ['seqrelid'],
  pg_trigger: ['tgrelid'],
  pg_type: ['oid'],
};

const temporary = `
  SELECT oid FROM pg_class WHERE relpersistence = 't'
  UNION ALL SELECT unnest(ARRAY[t.oid, t.typarray]) FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid WHERE c.relpersistence = 't'
  UNION ALL SELECT a.oid FROM pg_attrdef a JOIN pg_class c ON c.oid = a.adrelid WHERE c.relpersistence = 't'
  UNION ALL SELECT n.oid FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid WHERE c.relpersistence = 't'
  UNION ALL SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast_)?temp'`;

/** TRUNCATE and REFRESH write a row of pg_class anew and alter nothing of this. */
const relations = `
  SELECT sum(hash_record_extended(ROW(oid, relname, relnamespace, reloftype, relowner, relam, reltablespace, relkind,
    relpersistence, relrowsecurity, relforcerowsecurity, relreplident, relispopulated, relispartition, relchecks,
    relacl::text, reloptions::text, relpartbound::text), 0))::text AS digest
  FROM pg_catalog.pg_class WHERE relpersistence <> 't' AND relnamespace <> 'pg_toast'::regnamespace`;

/**
 * The text of a query that tells cheaply whether the catalog is the one that was compared: for each
 * system catalog, which transactions (`xmin`) have written how many of its rows. Whatever makes, alters
 * or drops an object writes a row under a number that was never used before, or takes one away, so no
 * two states share a digest; VACUUM and ANALYZE update in place and don't count. One pass over the
 * catalogs, no name is resolved and nothing is deparsed.
 */
export async function catalogDigestQuery(client: Queryable): Promise<string> {
  const counts = (await systemCatalogs(client, shared)).map(
    (name) =>
      `SELECT '${name}' AS catalog, xmin AS writer, count(*) AS rows FROM pg_catalog.${name} t${whereLasting(name)} GROUP BY xmin`,
  );
  return `WITH temporary AS MATERIALIZED (${temporary})
    SELECT concat_ws(' ', sum(hashtextextended(catalog || ' ' || writer || ' ' || rows, 0)), (${relations})) AS digest
    FROM (${counts.join('\n UNION ALL ')}) counts`;
}

/** Runs such a query. */
export async function readDigest(client: Queryable, query: string): Promise<string> {
  const { rows } = await client.query<{ digest: string }>(query);
  return rows[0]?.digest ?? '';
}

/** Names of the system catalogs that this role may read. */
async function systemCatalogs(client: Queryable, ofCluster: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_catalog.pg_class
      WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' AND has_table_privilege(oid, 'SELECT')
        AND relname <> ALL ($1::text[]) AND (NOT relisshared OR relname = ANY ($2::text[]))
      ORDER BY relname`,
    [leftOut, ofCluster],
  );
  return rows.map(({ name }) => name);
}

/** Which rows of cluster-wide catalogs are of this database. */
const ofDatabase: Readonly<Record<string, string>> = {
  pg_subscription:
    't.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())',
  pg_tablespace: 't.oid IN (SELECT c.reltablespace FROM pg_catalog.pg_class c)',
};

function whereLasting(catalog: string): string {
  const own = ofDatabase[catalog];
  const conditions = [
    ...(owners[catalog] ?? []).map((column) => `t.${column} NOT IN (SELECT oid FROM temporary)`),
    ...(own === undefined ? [] : [own]),
  ];
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

/** What else a catalog is read from: who reads, who is there, which versions. */
const surroundings = [
  `SELECT ROW(version(), current_database(), current_user, current_setting('is_superuser'),
    EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata))::text`,
  'SELECT ROW(d.datdba, d.datcollate, d.datctype, d.datacl)::text FROM pg_catalog.pg_database d WHERE d.datname = current_database()',
  // Of the roles those that own something here or were granted something, which pg_shdepend knows.
  `SELECT ROW(r.oid, r.rolname)::text FROM pg_catalog.pg_roles r WHERE r.oid < 16384 OR r.rolname = current_user
    OR r.oid IN (SELECT d.refobjid FROM pg_catalog.pg_shdepend d WHERE d.refclassid = 'pg_catalog.pg_authid'::regclass
      AND d.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))`,
  `SELECT m::text FROM pg_catalog.pg_auth_members m WHERE NOT current_setting('is_superuser')::boolean`,
  'SELECT ROW(e.name, e.default_version)::text FROM pg_catalog.pg_available_extensions e WHERE e.installed_version IS NOT NULL',
  'SELECT m::text FROM pg_catalog.pg_user_mappings m',
  // Of a subscription only a superuser sees all: for others the digest is another one each time.
  `SELECT gen_random_uuid()::text FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
    WHERE d.datname = current_database() AND NOT has_table_privilege('pg_catalog.pg_subscription', 'SELECT')`,
];

/**
 * A digest of the contents of the system catalogs, and of what else a catalog is read from: where it is
 * the same, so is the catalog, even where the server's files were put back to an earlier state and the
 * numbers of transactions were given a second time. Dearer than {@link catalogDigestQuery}, since every
 * row is printed, and far cheaper than reading a catalog.
 */
export async function contentDigest(client: Queryable): Promise<string> {
  const names = await systemCatalogs(client, ['pg_subscription', 'pg_tablespace']);
  const hashOf = (text: string, from: string): string =>
    `SELECT coalesce(sum(hashtextextended(${text}, 0)), 0)::text AS digest ${from}`;
  const digests = [
    ...names.map((name) => hashOf('t::text', `FROM pg_catalog.${name} t${whereLasting(name)}`)),
    ...surroundings.map((query) => hashOf('s.t', `FROM (${query}) s (t)`)),
    `SELECT digest FROM (${relations}) r`,
  ];
  const numbered = digests.map((query, at) => `SELECT ${at} AS at, q.digest FROM (${query}) q`);
  return readDigest(
    client,
    `WITH temporary AS MATERIALIZED (${temporary})
     SELECT string_agg(digest, ' ' ORDER BY at) AS digest FROM (${numbered.join('\n UNION ALL ')}) all_of_them`,
  );
}
