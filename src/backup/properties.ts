import { commentStatement } from '../catalog/aspects/comments.js';
import {
  explodedJson,
  type Grant,
  type GrantRow,
  grantDelta,
  grantStatements,
} from '../catalog/aspects/grants.js';
import { setClause } from '../cluster/statements.js';
import type { Queryable } from '../database/client.js';
import { readLocale } from '../database/locale.js';
import { quoteIdent } from '../database/sql.js';
import type { DatabaseProperties } from './manifest.js';

interface Row {
  readonly name: string;
  readonly owner: string;
  readonly comment: string | null;
  readonly limit: number;
  readonly settings: DatabaseProperties['settings'] | null;
  readonly current: GrantRow['current'];
  readonly base: GrantRow['base'];
}

/** Every role by name: none stands for whoever reads. */
const scope = { version: 0, ledger: [], owner: 0, superuser: false };

const query = `
  SELECT d.datname AS name, quote_ident(r.rolname) AS owner, shobj_description(d.oid, 'pg_database') AS comment,
    d.datconnlimit AS limit,
    (SELECT json_agg(json_strip_nulls(json_build_object('role', quote_ident(o.rolname), 'value', v.value))
        ORDER BY o.rolname COLLATE "C" NULLS FIRST, v.at)
      FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) WITH ORDINALITY v (value, at)
      LEFT JOIN pg_roles o ON o.oid = s.setrole WHERE s.setdatabase = d.oid) AS settings,
    CASE WHEN d.datacl IS NOT NULL THEN ${explodedJson('d.datacl', scope)} END AS current,
    ${explodedJson(`acldefault('d', d.datdba)`, scope)} AS base
  FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = current_database()`;

/** What belongs to the current database itself and follows no dump of its contents. */
export async function readProperties(client: Queryable): Promise<DatabaseProperties> {
  const { rows } = await client.query<Row>(query);
  const [row] = rows;
  if (row === undefined) throw new Error('the current database is not in pg_database');
  const { name, owner, comment, limit, settings, current, base } = row;
  const grants = current === null ? [] : grantDelta(owner, current, base ?? []);
  return {
    name,
    owner,
    locale: await readLocale(client),
    settings: settings ?? [],
    comment,
    connectionLimit: limit,
    grants: grants.map((grant) => ({ ...grant, privileges: [...grant.privileges] })),
  };
}

/** Statements that give a new database of that name these properties, its owner last. */
export function propertyStatements(
  name: string,
  { owner, settings, comment, connectionLimit, grants }: DatabaseProperties,
): readonly string[] {
  const database = quoteIdent(name);
  return [
    `ALTER DATABASE ${database} OWNER TO ${owner}`,
    ...settings.map(
      ({ role, value }) =>
        `ALTER ${role === undefined ? '' : `ROLE ${role} IN `}DATABASE ${database} ${setClause(value)}`,
    ),
    ...(comment === null ? [] : [commentStatement(`DATABASE ${database}`, comment)]),
    ...(connectionLimit < 0 ? [] : [`ALTER DATABASE ${database} CONNECTION LIMIT ${connectionLimit}`]),
    ...grantStatements(grants as readonly Grant[], `DATABASE ${database}`),
  ];
}
