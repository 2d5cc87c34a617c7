import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { qualifiedName } from '../names.js';

interface Row extends KindRow {
  readonly name: string;
  readonly identity: string;
  readonly type: string;
  readonly handler: string;
}

/** Access methods of tables and of indexes. */
export const accessMethod: Kind<Row> = {
  name: 'access method',
  catalog: 'pg_am',
  rank: 24,
  title: 'Access methods',
  noun: { comment: 'ACCESS METHOD' },
  query: () => `
    SELECT m.oid, m.amname AS name, quote_ident(m.amname) AS identity,
      CASE m.amtype WHEN 't' THEN 'TABLE' ELSE 'INDEX' END AS type, ${qualifiedName('m.amhandler', 'pg_proc')} AS handler
    FROM pg_am m WHERE ${userRow('m', 'pg_am')}`,
  map: (row) => ({
    schema: null,
    name: row.name,
    identity: row.identity,
    attributes: attributes({ type: row.type, handler: row.handler }),
  }),
  create: (object) => {
    const { type, handler } = object.attributes;
    return [`CREATE ACCESS METHOD ${object.identity} TYPE ${type} HANDLER ${handler}`];
  },
  drop: (object) => `DROP ACCESS METHOD ${object.identity}`,
};
