import { address, type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { functionSignature } from '../names.js';

interface Row extends KindRow {
  readonly identity: string;
  readonly function: string | null;
  readonly inout: boolean;
  readonly context: string | null;
  /** Casts that its function's argument or result needs. */
  readonly through: readonly number[] | null;
}

/**
 * SQL for the oids, as json, of the casts without function by which the function of a cast takes its source or gives
 * its target, or NULL. CREATE CAST asks for them; PostgreSQL 15 records no dependency on them.
 */
const through = `(SELECT json_agg(b.oid::int8) FROM pg_proc p JOIN pg_cast b ON b.castmethod = 'b' AND b.oid >= 16384
    AND (b.castsource = p.prorettype AND b.casttarget = c.casttarget
      OR b.castsource = c.castsource AND b.casttarget = p.proargtypes[0])
  WHERE p.oid = c.castfunc)`;

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
      CASE c.castcontext WHEN 'a' THEN 'ASSIGNMENT' WHEN 'i' THEN 'IMPLICIT' END AS context, ${through} AS through
    FROM pg_cast c
    WHERE NOT EXISTS (SELECT FROM pg_range r WHERE r.rngtypid = c.castsource AND r.rngmultitypid = c.casttarget)
      AND ${userRow('c', 'pg_cast')}`,
  map: (row) => ({
    schema: null,
    name: row.identity,
    identity: row.identity,
    attributes: attributes({ function: row.function, inout: row.inout, context: row.context }),
    requires: (row.through ?? []).map((oid) => address('pg_cast', oid)),
  }),
  create: (object) => {
    const { function: body, inout, context } = object.attributes;
    const method =
      body === undefined ? (inout === true ? 'WITH INOUT' : 'WITHOUT FUNCTION') : `WITH FUNCTION ${body}`;
    return [`CREATE CAST ${object.identity} ${method}${context === undefined ? '' : ` AS ${context}`}`];
  },
  drop: (object) => `DROP CAST ${object.identity}`,
};
