import { quoteIdent } from '../../database/sql.js';
import { type ReadScope, roleName } from '../kind.js';
import { byCodePoint } from '../model.js';

/** What an ACL has beyond, or lacks of, the privileges that such an object is born with. */
export interface Grant {
  readonly verb: 'REVOKE' | 'REVOKE GRANT OPTION FOR' | 'GRANT';
  /** Privilege names in code point order, or just ALL. */
  readonly privileges: readonly string[];
  /** A role's name as SQL writes it: quoted where needed, CURRENT_USER, PUBLIC. */
  readonly role: string;
  readonly withGrantOption?: boolean;
  /** The grantor, where it isn't the object's owner. */
  readonly by?: string;
}

/** An ACL as aclexplode gives it: grantor, grantee, privilege, grantable. */
type Exploded = readonly (readonly [
  grantor: string,
  grantee: string,
  privilege: string,
  grantable: boolean,
])[];

export interface GrantRow {
  readonly classid: number;
  readonly oid: number;
  readonly subid: number;
  readonly owner: string;
  readonly current: Exploded | null;
  readonly base: Exploded | null;
}

/** SQL for an aclitem[] as json, roles by name. */
export function explodedJson(acl: string, scope: ReadScope): string {
  return `(SELECT json_agg(json_build_array(${roleName('x.grantor', scope)}, ${roleName('x.grantee', scope)},
    x.privilege_type, x.is_grantable)) FROM aclexplode(${acl}) x)`;
}

/**
 * Every ACL that isn't NULL, with the privileges to compare it to: acldefault(), or what the server
 * made the object with (pg_init_privs), or a fresh database's for the schema public.
 */
export function grantsQuery(scope: ReadScope): string {
  const publicBase = scope.version >= 150000 ? `'{o=UC/o,=U/o}'` : `'{o=UC/o,=UC/o}'`;
  const onPublic = `CASE WHEN nspname = 'public' THEN replace(replace(${publicBase}, 'o=', quote_ident(r.rolname) || '='),
    '/o', '/' || quote_ident(r.rolname))::aclitem[] ELSE acldefault('n', nspowner) END`;
  const source = (catalog: string, acl: string, owner: string, type: string): string =>
    `SELECT '${catalog}'::regclass::oid AS classid, oid, 0 AS subid, ${owner} AS owner, ${acl} AS acl,
      acldefault(${type}, ${owner}) AS base FROM ${catalog} WHERE ${acl} IS NOT NULL`;
  return `
    WITH target AS (
      ${source('pg_class', 'relacl', 'relowner', `CASE relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END`)}
      UNION ALL ${source('pg_proc', 'proacl', 'proowner', `'f'`)}
      UNION ALL ${source('pg_type', 'typacl', 'typowner', `'T'`)}
      UNION ALL ${source('pg_language', 'lanacl', 'lanowner', `'l'`)}
      UNION ALL ${source('pg_foreign_data_wrapper', 'fdwacl', 'fdwowner', `'F'`)}
      UNION ALL ${source('pg_foreign_server', 'srvacl', 'srvowner', `'S'`)}
      UNION ALL SELECT 2615, n.oid, 0, nspowner, coalesce(nspacl, acldefault('n', nspowner)), ${onPublic}
        FROM pg_namespace n JOIN pg_roles r ON r.oid = nspowner
        WHERE n.nspname = 'public' OR nspacl IS NOT NULL
      UNION ALL SELECT 1259, a.attrelid, a.attnum::int, c.relowner, a.attacl, acldefault('c', c.relowner)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE a.attacl IS NOT NULL AND NOT a.attisdropped)
    SELECT t.classid::int8::int AS classid, t.oid, t.subid, ${roleName('t.owner', scope)} AS owner,
      ${explodedJson('t.acl', scope)} AS current,
      ${explodedJson('coalesce(i.initprivs, t.base)', scope)} AS base
    FROM target t LEFT JOIN pg_init_privs i ON i.classoid = t.classid AND i.objoid = t.oid AND i.objsubid = t.subid
      AND (t.classid, t.oid) <> (2615::oid, 'public'::regnamespace::oid)
    WHERE t.oid >= 16384 OR t.acl IS DISTINCT FROM i.initprivs`;
}

/** The difference between an object's ACL and the one it is born with, as ordered statements' data. */
export function grantDelta(owner: string, current: Exploded, base: Exploded): readonly Grant[] {
  const all = base.filter(([, grantee]) => grantee === owner).map(([, , privilege]) => privilege);
  const key = (entry: Exploded[number]): string => JSON.stringify(entry.slice(0, 3));
  const now = new Map(current.map((entry) => [key(entry), entry]));
  const born = new Map(base.map((entry) => [key(entry), entry]));
  const gone = base.filter((entry) => !now.has(key(entry)));
  const demoted = base.filter((entry) => entry[3] && now.get(key(entry))?.[3] === false);
  const added = current.filter((entry) => {
    const before = born.get(key(entry));
    return before === undefined || (entry[3] && !before[3]);
  });
  return [
    ...grouped('REVOKE', gone, owner, all),
    ...grouped('REVOKE GRANT OPTION FOR', demoted, owner, all),
    ...grouped('GRANT', added, owner, all),
  ];
}

function grouped(
  verb: Grant['verb'],
  entries: Exploded,
  owner: string,
  all: readonly string[],
): readonly Grant[] {
  const groups = new Map<string, Grant>();
  for (const [grantor, role, privilege, grantable] of entries) {
    const option = verb === 'GRANT' && grantable;
    // Grants of the owner come first: the others may stand on the grant options they give.
    const id = JSON.stringify([grantor === owner ? 0 : 1, grantor, role, option]);
    const before = groups.get(id)?.privileges ?? [];
    groups.set(id, {
      verb,
      privileges: [...before, privilege].sort(byCodePoint),
      role,
      ...(option ? { withGrantOption: true } : {}),
      ...(grantor === owner ? {} : { by: grantor }),
    });
  }
  const isAll = (privileges: readonly string[]): boolean =>
    all.length > 0 &&
    privileges.length === all.length &&
    all.every((privilege) => privileges.includes(privilege));
  return [...groups.entries()]
    .sort(([a], [b]) => byCodePoint(a, b))
    .map(([, grant]) => (isAll(grant.privileges) ? { ...grant, privileges: ['ALL'] } : grant));
}

/**
 * The statements of a grant list.
 * @param target what stands after ON: `TABLE public.genes`
 * @param column the column, for grants on a column
 */
export function grantStatements(
  grants: readonly Grant[],
  target: string,
  column?: string,
): readonly string[] {
  return grants.flatMap((grant) => {
    const suffix = column === undefined ? '' : ` (${quoteIdent(column)})`;
    const privileges = grant.privileges.map((privilege) => `${privilege}${suffix}`).join(', ');
    const statement =
      grant.verb === 'GRANT'
        ? `GRANT ${privileges} ON ${target} TO ${grant.role}${grant.withGrantOption === true ? ' WITH GRANT OPTION' : ''}`
        : `${grant.verb} ${privileges} ON ${target} FROM ${grant.role}`;
    return grant.by === undefined ? [statement] : [`SET LOCAL ROLE ${grant.by}`, statement, 'RESET ROLE'];
  });
}

/** What takes a list of grants back, the last one first. */
export function takenBack(grants: readonly Grant[]): readonly Grant[] {
  return [...grants].reverse().map(({ verb, withGrantOption: _option, ...grant }) =>
    verb === 'GRANT'
      ? { ...grant, verb: 'REVOKE' as const }
      : {
          ...grant,
          verb: 'GRANT' as const,
          ...(verb === 'REVOKE GRANT OPTION FOR' ? { withGrantOption: true } : {}),
        },
  );
}
