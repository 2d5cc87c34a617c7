import { quoteLiteral } from '../../database/sql.js';
import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { optionsClause } from '../options.js';
import { plainOptions } from '../secrets.js';

interface ForeignServer {
  readonly wrapper: string;
  readonly type?: string;
  readonly version?: string;
  readonly options?: readonly string[];
}

interface Row extends KindRow, ForeignServer {
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
}

/** Foreign servers, with the options that hold no secret. */
export const foreignServer: Kind<Row> = {
  name: 'foreign server',
  catalog: 'pg_foreign_server',
  rank: 54,
  title: 'Foreign servers',
  noun: { comment: 'SERVER', owner: 'SERVER', grant: 'FOREIGN SERVER' },
  query: () => `
    SELECT s.oid, s.srvname AS name, quote_ident(s.srvname) AS identity, s.srvowner AS owner,
      quote_ident(w.fdwname) AS wrapper, s.srvtype AS type, s.srvversion AS version,
      ${plainOptions('s.srvoptions')} AS options
    FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
    WHERE ${userRow('s', 'pg_foreign_server')}`,
  map: (row) => ({
    schema: null,
    name: row.name,
    identity: row.identity,
    attributes: attributes({
      wrapper: row.wrapper,
      type: row.type,
      version: row.version,
      options: row.options,
    }),
  }),
  create: (object) => {
    const { wrapper, type, version, options } = object.attributes as unknown as ForeignServer;
    return [
      [
        `CREATE SERVER ${object.identity}`,
        ...(type === undefined ? [] : [`TYPE ${quoteLiteral(type)}`]),
        ...(version === undefined ? [] : [`VERSION ${quoteLiteral(version)}`]),
        `FOREIGN DATA WRAPPER ${wrapper}`,
        ...optionsClause(options),
      ].join('\n  '),
    ];
  },
  drop: (object) => `DROP SERVER ${object.identity}`,
};
