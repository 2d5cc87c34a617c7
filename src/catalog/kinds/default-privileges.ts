import { explodedJson, type Grant, type GrantRow, grantDelta, takenBack } from '../aspects/grants.js';
import { type Kind, type KindRow, roleName, userRow } from '../kind.js';
import { attributes, type Value } from '../model.js';

interface Row extends KindRow, Pick<GrantRow, 'current' | 'base'> {
  readonly role: string;
  readonly in_schema: string | null;
  readonly objects: string;
}

/** ALTER DEFAULT PRIVILEGES: last of all, so that it doesn't touch what the baseline itself makes. */
export const defaultPrivileges: Kind<Row> = {
  name: 'default privileges',
  catalog: 'pg_default_acl',
  rank: 900,
  title: 'Default privileges',
  noun: {},
  query: (scope) => `
    SELECT d.oid, ${roleName('d.defaclrole', scope)} AS role, quote_ident(n.nspname) AS in_schema,
      CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
        WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END AS objects,
      ${explodedJson('d.defaclacl', scope)} AS current,
      CASE WHEN d.defaclnamespace = 0 THEN ${explodedJson(
        `acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's'::"char" ELSE d.defaclobjtype END, d.defaclrole)`,
        scope,
      )} END AS base
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
    WHERE ${userRow('d', 'pg_default_acl')}`,
  map: (row) => {
    const place = row.in_schema === null ? '' : ` IN SCHEMA ${row.in_schema}`;
    return {
      schema: null,
      name: row.objects,
      identity: `FOR ROLE ${row.role}${place} ON ${row.objects}`,
      attributes: attributes({
        role: row.role,
        inSchema: row.in_schema,
        objects: row.objects,
        privileges: grantDelta(row.role, row.current ?? [], row.base ?? []) as unknown as Value,
      }),
    };
  },
  create: (object) => {
    const values = object.attributes as unknown as DefaultPrivileges;
    return statements(values, values.privileges ?? []);
  },
  drop: (object) => {
    const values = object.attributes as unknown as DefaultPrivileges;
    return statements(values, takenBack(values.privileges ?? [])).join(';\n');
  },
};

interface DefaultPrivileges {
  readonly role: string;
  readonly inSchema?: string;
  readonly objects: string;
  readonly privileges?: readonly Grant[];
}

function statements(values: DefaultPrivileges, grants: readonly Grant[]): readonly string[] {
  const place = values.inSchema === undefined ? '' : ` IN SCHEMA ${values.inSchema}`;
  return grants.map(
    (grant) =>
      `ALTER DEFAULT PRIVILEGES FOR ROLE ${values.role}${place}\n  ${grant.verb} ${grant.privileges.join(', ')} ON ${values.objects} ${
        grant.verb === 'GRANT' ? 'TO' : 'FROM'
      } ${grant.role}${grant.withGrantOption === true ? ' WITH GRANT OPTION' : ''}`,
  );
}
