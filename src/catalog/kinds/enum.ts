import { quoteLiteral } from '../../database/sql.js';
import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';

interface Row extends KindRow {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly labels: readonly string[] | null;
}

/** Enumerated types, labels in their sort order. */
export const enumType: Kind<Row> = {
  name: 'enum',
  catalog: 'pg_type',
  rank: 30,
  title: 'Types',
  noun: { comment: 'TYPE', owner: 'TYPE', grant: 'TYPE' },
  query: () => `
    SELECT t.oid, n.nspname AS schema, t.typname AS name, format('%I.%I', n.nspname, t.typname) AS identity,
      t.typowner AS owner,
      (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype = 'e' AND ${userRow('t', 'pg_type')}`,
  map: (row) => ({
    schema: row.schema,
    name: row.name,
    identity: row.identity,
    attributes: attributes({ labels: row.labels ?? [] }),
  }),
  create: (object) => {
    const { labels = [] } = object.attributes as { labels?: readonly string[] };
    return [`CREATE TYPE ${object.identity} AS ENUM (${labels.map(quoteLiteral).join(', ')})`];
  },
  drop: (object) => `DROP TYPE ${object.identity}`,
};
