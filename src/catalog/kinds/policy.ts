import { address, type Kind, type KindRow, roleName, userRow } from '../kind.js';
import { attributes } from '../model.js';

interface Policy {
  readonly command: string;
  readonly restrictive?: boolean;
  readonly roles: readonly string[];
  readonly using?: string;
  readonly check?: string;
}

interface Row extends KindRow, Policy {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly relation: number;
}

/** Row-level security policies. The tables are told to enforce them last, so that rows can go in. */
export const policy: Kind<Row> = {
  name: 'policy',
  catalog: 'pg_policy',
  rank: 240,
  title: 'Policies',
  noun: { comment: 'POLICY' },
  query: (scope) => `
    SELECT y.oid, n.nspname AS schema, y.polname AS name, format('%I ON %I.%I', y.polname, n.nspname, c.relname) AS identity,
      c.oid AS relation, NOT y.polpermissive AS restrictive,
      CASE y.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END AS command,
      (SELECT json_agg(r.name ORDER BY r.name COLLATE "C") FROM (
        SELECT ${roleName('role', scope)} AS name FROM unnest(y.polroles) role) r) AS roles,
      pg_get_expr(y.polqual, y.polrelid) AS using, pg_get_expr(y.polwithcheck, y.polrelid) AS check
    FROM pg_policy y JOIN pg_class c ON c.oid = y.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE ${userRow('y', 'pg_policy')}`,
  map: (row) => ({
    schema: row.schema,
    name: row.name,
    identity: row.identity,
    attributes: attributes({
      command: row.command,
      restrictive: row.restrictive,
      roles: row.roles,
      using: row.using,
      check: row.check,
    }),
    requires: [address('pg_class', row.relation)],
  }),
  create: (object) => {
    const { command, restrictive, roles, using, check } = object.attributes as unknown as Policy;
    return [
      [
        `CREATE POLICY ${object.identity}`,
        ...(restrictive === true ? ['AS RESTRICTIVE'] : []),
        ...(command === 'ALL' ? [] : [`FOR ${command}`]),
        ...(roles.length === 1 && roles[0] === 'PUBLIC' ? [] : [`TO ${roles.join(', ')}`]),
        ...(using === undefined ? [] : [`USING (${using})`]),
        ...(check === undefined ? [] : [`WITH CHECK (${check})`]),
      ].join('\n  '),
    ];
  },
  drop: (object) => `DROP POLICY ${object.identity}`,
  deparsed: ['using', 'check'],
  redefine: (object) => {
    const { using, check } = object.attributes as unknown as Policy;
    const clauses = [
      ...(using === undefined ? [] : [`USING (${using})`]),
      ...(check === undefined ? [] : [`WITH CHECK (${check})`]),
    ];
    return { statements: [`ALTER POLICY ${object.identity} ${clauses.join(' ')}`] };
  },
};
