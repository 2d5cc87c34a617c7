import { address, type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';

interface Row extends KindRow {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly relation: number;
  readonly definition: string;
  readonly target: number | null;
}

/** Extended statistics: their columns, expressions and kinds stand in the definition. */
export const statistics: Kind<Row> = {
  name: 'statistics',
  catalog: 'pg_statistic_ext',
  rank: 215,
  title: 'Extended statistics',
  noun: { comment: 'STATISTICS', owner: 'STATISTICS' },
  query: () => `
    SELECT s.oid, n.nspname AS schema, s.stxname AS name, format('%I.%I', n.nspname, s.stxname) AS identity,
      s.stxowner AS owner, s.stxrelid AS relation, pg_get_statisticsobjdef(s.oid) AS definition,
      CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END AS target
    FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace JOIN pg_class c ON c.oid = s.stxrelid
    WHERE c.relpersistence <> 't' AND ${userRow('s', 'pg_statistic_ext')}`,
  map: (row) => ({
    schema: row.schema,
    name: row.name,
    identity: row.identity,
    attributes: attributes({ definition: row.definition, target: row.target }),
    requires: [address('pg_class', row.relation)],
  }),
  create: (object) => {
    const { definition, target } = object.attributes as { definition: string; target?: number };
    return [
      definition,
      ...(target === undefined ? [] : [`ALTER STATISTICS ${object.identity} SET STATISTICS ${target}`]),
    ];
  },
  drop: (object) => `DROP STATISTICS ${object.identity}`,
  deparsed: ['definition'],
  redefine: (object) => ({
    statements: [`DROP STATISTICS ${object.identity}`, String(object.attributes.definition)],
  }),
};
