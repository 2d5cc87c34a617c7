import { quoteIdent, quoteLiteral } from '../../database/sql.js';
import type { Kind, KindRow } from '../kind.js';
import { attributes } from '../model.js';

interface Row extends KindRow {
  readonly name: string;
  readonly identity: string;
  readonly schema: string;
  readonly version: string | null;
}

/** Extensions; their members are never emitted. The version only where it isn't the server's default. */
export const extension: Kind<Row> = {
  name: 'extension',
  catalog: 'pg_extension',
  rank: 20,
  title: 'Extensions',
  noun: { comment: 'EXTENSION' },
  query: () => `
    SELECT e.oid, e.extname AS name, quote_ident(e.extname) AS identity, n.nspname AS schema,
      CASE WHEN e.extversion IS DISTINCT FROM a.default_version THEN e.extversion END AS version
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    LEFT JOIN pg_available_extensions a ON a.name = e.extname
    WHERE e.oid >= 16384`,
  map: (row) => ({
    schema: null,
    name: row.name,
    identity: row.identity,
    attributes: attributes({ schema: row.schema, version: row.version }),
  }),
  create: (object) => {
    const { schema, version } = object.attributes as { schema: string; version?: string };
    const placed = schema === 'pg_catalog' ? '' : ` WITH SCHEMA ${quoteIdent(schema)}`;
    const pinned = version === undefined ? '' : ` VERSION ${quoteLiteral(version)}`;
    return [`CREATE EXTENSION IF NOT EXISTS ${object.identity}${placed}${pinned}`];
  },
  drop: (object) => `DROP EXTENSION IF EXISTS ${object.identity}`,
};
