import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { functionSignature } from '../names.js';

interface Row extends KindRow {
  readonly identity: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** How a language takes values of a type, and gives them back. */
export const transform: Kind<Row> = {
  name: 'transform',
  catalog: 'pg_transform',
  rank: 48,
  title: 'Transforms',
  noun: { comment: 'TRANSFORM' },
  query: () => `
    SELECT t.oid, format('FOR %s LANGUAGE %I', format_type(t.trftype, NULL), l.lanname) AS identity,
      ${functionSignature('t.trffromsql')} AS "from", ${functionSignature('t.trftosql')} AS "to"
    FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang
    WHERE ${userRow('t', 'pg_transform')}`,
  map: (row) => ({
    schema: null,
    name: row.identity,
    identity: row.identity,
    attributes: attributes({ from: row.from, to: row.to }),
  }),
  create: (object) => {
    const { from, to } = object.attributes;
    const ways = [
      ...(from === undefined ? [] : [`FROM SQL WITH FUNCTION ${from}`]),
      ...(to === undefined ? [] : [`TO SQL WITH FUNCTION ${to}`]),
    ];
    return [`CREATE TRANSFORM ${object.identity} (\n  ${ways.join(',\n  ')}\n)`];
  },
  drop: (object) => `DROP TRANSFORM ${object.identity}`,
};
