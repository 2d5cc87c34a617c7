import { explodedJson, type Grant, type GrantRow, grantDelta } from '../catalog/aspects/grants.js';
import type { Queryable } from '../database/client.js';

/** A role without its password, which is never read. Absent keys stand at CREATE ROLE's defaults. */
export interface Role {
  readonly superuser?: boolean;
  readonly createdb?: boolean;
  readonly createrole?: boolean;
  readonly inherit?: false;
  readonly login?: boolean;
  readonly replication?: boolean;
  readonly bypassrls?: boolean;
  readonly connectionLimit?: number;
  readonly validUntil?: string;
  readonly comment?: string;
}

/** That one role is a member of another. */
export interface Membership {
  readonly role: string;
  readonly member: string;
  readonly admin?: boolean;
  /** PostgreSQL 16, where they aren't what GRANT gives by itself. */
  readonly inherit?: boolean;
  readonly set?: boolean;
}

/** `ALTER ROLE … [IN DATABASE …] SET`, or `ALTER DATABASE … SET` where no role is named. */
export interface Setting {
  readonly role?: string;
  readonly inDatabase?: boolean;
  /** As the server keeps it: `search_path=app, public`. */
  readonly value: string;
}

/** The database itself, as far as a migration can alter it. */
export interface DatabaseTraits {
  readonly owner?: string;
  readonly comment?: string;
  readonly connectionLimit?: number;
  readonly grants: readonly Grant[];
}

/** What lies around a database's objects. Roles are named as SQL writes them, the present one as CURRENT_USER. */
export interface Surroundings {
  readonly roles: Readonly<Record<string, Role>>;
  readonly members: readonly Membership[];
  readonly settings: readonly Setting[];
  readonly database: DatabaseTraits;
}

interface Row {
  readonly roles: Surroundings['roles'] | null;
  readonly members: readonly Membership[] | null;
  readonly settings: readonly Setting[] | null;
  readonly owner: string;
  readonly comment: string | null;
  readonly limit: number;
  readonly current: GrantRow['current'];
  readonly base: GrantRow['base'];
}

const roleName = (alias: string): string =>
  `CASE WHEN ${alias}.rolname = current_user THEN 'CURRENT_USER' ELSE quote_ident(${alias}.rolname) END`;

/** The server gives the maker of a role the right to grant it by itself, in the name of its first role. */
const isOwnDoing = `(m.grantor = 10 AND r.rolname <> current_user AND u.rolname = current_user AND m.admin_option)`;

function surroundingsQuery(version: number, current: number): string {
  const scope = { version, ledger: [], owner: current, superuser: false };
  const options =
    version >= 160000
      ? `'inherit', CASE WHEN m.inherit_option <> u.rolinherit THEN m.inherit_option END,
         'set', CASE WHEN NOT m.set_option THEN false END,`
      : '';
  return `
    SELECT
      (SELECT json_object_agg(${roleName('r')}, json_strip_nulls(json_build_object(
          'superuser', nullif(r.rolsuper, false), 'createdb', nullif(r.rolcreatedb, false),
          'createrole', nullif(r.rolcreaterole, false), 'inherit', nullif(r.rolinherit, true),
          'login', nullif(r.rolcanlogin, false), 'replication', nullif(r.rolreplication, false),
          'bypassrls', nullif(r.rolbypassrls, false), 'connectionLimit', nullif(r.rolconnlimit, -1),
          'validUntil', CASE WHEN isfinite(r.rolvaliduntil)
            THEN to_char(r.rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00' ELSE r.rolvaliduntil::text END, 'comment', shobj_description(r.oid, 'pg_authid'))) ORDER BY r.rolname COLLATE "C")
        FROM pg_roles r WHERE r.rolname !~ '^pg_') AS roles,
      (SELECT json_agg(json_strip_nulls(json_build_object('role', ${roleName('r')}, 'member', ${roleName('u')}, ${options}
          'admin', nullif(m.admin_option, false))) ORDER BY r.rolname COLLATE "C", u.rolname COLLATE "C")
        FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles u ON u.oid = m.member
        WHERE u.rolname !~ '^pg_' AND NOT ${isOwnDoing}) AS members,
      (SELECT json_agg(json_strip_nulls(json_build_object('role', ${roleName('r')}, 'inDatabase', nullif(s.setdatabase <> 0, false),
          'value', v.value)) ORDER BY r.rolname COLLATE "C" NULLS FIRST, s.setdatabase <> 0, v.at)
        FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) WITH ORDINALITY v (value, at)
        LEFT JOIN pg_roles r ON r.oid = s.setrole
        WHERE s.setdatabase IN (0, d.oid)) AS settings,
      (SELECT ${roleName('r')} FROM pg_roles r WHERE r.oid = d.datdba) AS owner,
      shobj_description(d.oid, 'pg_database') AS comment, d.datconnlimit AS limit,
      CASE WHEN d.datacl IS NOT NULL THEN ${explodedJson('d.datacl', scope)} END AS current,
      ${explodedJson(`acldefault('d', d.datdba)`, scope)} AS base
    FROM pg_database d WHERE d.datname = current_database()`;
}

/** Reads what any role may read of the cluster and of the current database. */
export async function readSurroundings(client: Queryable): Promise<Surroundings> {
  const { rows: session } = await client.query<{ version: number; current: number }>(
    `SELECT current_setting('server_version_num')::int AS version, oid AS current FROM pg_roles WHERE rolname = current_user`,
  );
  const { version = 0, current = 0 } = session[0] ?? {};
  const { rows } = await client.query<Row>(surroundingsQuery(version, current));
  const [row] = rows;
  if (row === undefined) throw new Error('the current database is not in pg_database');
  return {
    roles: row.roles ?? {},
    members: row.members ?? [],
    settings: row.settings ?? [],
    database: {
      ...(row.owner === 'CURRENT_USER' ? {} : { owner: row.owner }),
      ...(row.comment === null ? {} : { comment: row.comment }),
      ...(row.limit < 0 ? {} : { connectionLimit: row.limit }),
      grants: row.current === null ? [] : grantDelta(row.owner, row.current, row.base ?? []),
    },
  };
}
