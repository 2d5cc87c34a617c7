import { quoteIdent } from '../../database/sql.js';
import {
  indexStatistics,
  plainTargets,
  type StatisticsTarget,
  statisticsStatements,
} from '../index-statistics.js';
import { address, type Kind, type KindRow, notLedger, userRow } from '../kind.js';
import { attributes } from '../model.js';

interface Index {
  readonly on: string;
  readonly definition: string;
  readonly tablespace?: string;
  readonly attachTo?: string;
  readonly statistics?: readonly StatisticsTarget[];
  readonly clustered?: boolean;
  readonly replicaIdentity?: boolean;
  readonly invalid?: boolean;
}

interface Row extends KindRow, Index {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly relation: number;
}

/** Indexes that back no constraint. On partitioned tables each is made ONLY there, then the partitions' are attached. */
export const index: Kind<Row> = {
  name: 'index',
  catalog: 'pg_class',
  rank: 210,
  title: 'Indexes',
  noun: { comment: 'INDEX' },
  query: (scope) => `
    SELECT c.oid, n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS identity,
      i.indrelid AS relation, format('%I.%I', rn.nspname, r.relname) AS on, pg_get_indexdef(c.oid) AS definition,
      quote_ident(s.spcname) AS tablespace, i.indisclustered AS clustered,
      i.indisreplident AND r.relreplident = 'i' AS "replicaIdentity", NOT i.indisvalid AS invalid,
      (SELECT format('%I.%I', pn.nspname, p.relname) FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent
        JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE h.inhrelid = c.oid) AS "attachTo",
      st.targets AS statistics
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class r ON r.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_namespace rn ON rn.oid = r.relnamespace
    LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace LEFT JOIN (${indexStatistics}) st ON st.oid = c.oid
    WHERE c.relpersistence <> 't' AND r.relkind IN ('r', 'p', 'm') AND ${userRow('c', 'pg_class')} AND ${notLedger('i.indrelid', scope)}
      AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x'))`,
  map: (row) => ({
    schema: row.schema,
    name: row.name,
    identity: row.identity,
    attributes: attributes({
      on: row.on,
      definition: row.definition,
      tablespace: row.tablespace,
      attachTo: row.attachTo,
      statistics: plainTargets(row.statistics),
      clustered: row.clustered,
      replicaIdentity: row.replicaIdentity,
      invalid: row.invalid,
    }),
    requires: [address('pg_class', row.relation)],
  }),
  create: (object) => {
    const values = object.attributes as unknown as Index;
    return [
      values.definition,
      ...(values.tablespace === undefined
        ? []
        : [`ALTER INDEX ${object.identity} SET TABLESPACE ${values.tablespace}`]),
      ...statisticsStatements(object.identity, values.statistics ?? []),
      ...(values.attachTo === undefined
        ? []
        : [`ALTER INDEX ${values.attachTo} ATTACH PARTITION ${object.identity}`]),
      ...(values.clustered === true
        ? [`ALTER TABLE ${values.on} CLUSTER ON ${quoteIdent(object.name)}`]
        : []),
      ...(values.replicaIdentity === true
        ? [`ALTER TABLE ${values.on} REPLICA IDENTITY USING INDEX ${quoteIdent(object.name)}`]
        : []),
    ];
  },
  drop: (object) => {
    const { attachTo, definition } = object.attributes;
    if (attachTo !== undefined) return null;
    // A partition's key may be attached to the index of its parent, and holds on to it.
    return `DROP INDEX ${object.identity}${String(definition).includes(' ON ONLY ') ? ' CASCADE' : ''}`;
  },
  deparsed: ['definition'],
  redefine: (object) => ({
    statements: [`DROP INDEX ${object.identity}`, String(object.attributes.definition)],
  }),
};
