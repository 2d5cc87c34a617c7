import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { functionSignature } from '../names.js';

interface Row extends KindRow {
  readonly identity: string;
  readonly function: string | null;
  readonly inout: boolean;
  readonly context: string | null;
}

/** Casts but those from a range to its multirange, which come with the range. */
export const cast: Kind<Row> = {
  name: 'cast',
  catalog: 'pg_cast',
  rank: 40,
  title: 'Casts',
  noun: { comment: 'CAST' },
  query: () => `
    SELECT c.oid, format('(%s AS %s)', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)) AS identity,
      ${functionSignature('c.castfunc')} AS function, c.castmethod = 'i' AS inout,
      CASE c.castcontext WHEN 'a' THEN 'ASSIGNMENT' WHEN 'i' THEN 'IMPLICIT' END AS context
    FROM pg_cast c
    WHERE NOT EXISTS (SELECT FROM pg_range r WHERE r.rngtypid = c.castsource AND r.rngmultitypid = c.casttarget)
      AND ${userRow('c', 'pg_cast')}`,
  map: (row) => ({
    schema: null,
    name: row.identity,
    identity: row.identity,
    attributes: attributes({ function: row.function, inout: row.inout, context: row.context }),
  }),
  create: (object) => {
    const { function: body, inout, context } = object.attributes;
    const method =
      body === undefined ? (inout === true ? 'WITH INOUT' : 'WITHOUT FUNCTION') : `WITH FUNCTION ${body}`;
    return [`CREATE CAST ${object.identity} ${method}${context === undefined ? '' : ` AS ${context}`}`];
  },
  drop: (object) => `DROP CAST ${object.identity}`,
};
