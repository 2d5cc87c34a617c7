import { address, type Kind, type KindRow, roleName } from '../kind.js';
import { attributes } from '../model.js';
import { optionsClause } from '../options.js';
import { plainOptions } from '../secrets.js';

interface UserMapping {
  readonly role: string;
  readonly server: string;
  readonly options?: readonly string[];
}

interface Row extends KindRow, UserMapping {
  readonly server_oid: number;
}

/** User mappings, with the options that hold no secret. The catalog itself is closed to ordinary roles, its view isn't. */
export const userMapping: Kind<Row> = {
  name: 'user mapping',
  catalog: 'pg_user_mapping',
  rank: 56,
  title: 'Foreign servers',
  noun: {},
  query: (scope) => `
    SELECT m.umid AS oid, ${roleName('m.umuser', scope)} AS role, quote_ident(m.srvname) AS server, m.srvid AS server_oid,
      ${plainOptions('m.umoptions')} AS options
    FROM pg_user_mappings m
    WHERE m.umid >= 16384`,
  map: (row) => ({
    schema: null,
    name: row.role,
    identity: `FOR ${row.role} SERVER ${row.server}`,
    attributes: attributes({ role: row.role, server: row.server, options: row.options }),
    requires: [address('pg_foreign_server', row.server_oid)],
  }),
  create: (object) => {
    const { options } = object.attributes as unknown as UserMapping;
    return [[`CREATE USER MAPPING ${object.identity}`, ...optionsClause(options)].join('\n  ')];
  },
  drop: (object) => `DROP USER MAPPING ${object.identity}`,
};
