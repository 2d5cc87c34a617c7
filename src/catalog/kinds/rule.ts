import { quoteIdent } from '../../database/sql.js';
import { address, type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';

interface Row extends KindRow {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly relation: number;
  readonly on: string;
  readonly definition: string;
  readonly state: string | null;
}

/** Rewrite rules but the one that makes a view a view. */
export const rule: Kind<Row> = {
  name: 'rule',
  catalog: 'pg_rewrite',
  rank: 225,
  title: 'Rules',
  noun: { comment: 'RULE' },
  query: () => `
    SELECT w.oid, n.nspname AS schema, w.rulename AS name, format('%I ON %I.%I', w.rulename, n.nspname, c.relname) AS identity,
      c.oid AS relation, format('%I.%I', n.nspname, c.relname) AS on, pg_get_ruledef(w.oid) AS definition,
      CASE w.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END AS state
    FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE w.rulename <> '_RETURN' AND c.relpersistence <> 't' AND ${userRow('w', 'pg_rewrite')}`,
  map: (row) => ({
    schema: row.schema,
    name: row.name,
    identity: row.identity,
    attributes: attributes({ on: row.on, definition: row.definition.replace(/;$/, ''), state: row.state }),
    requires: [address('pg_class', row.relation)],
  }),
  create: (object) => {
    const { definition, state, on } = object.attributes as { definition: string; state?: string; on: string };
    return [
      definition,
      ...(state === undefined ? [] : [`ALTER TABLE ${on} ${state} RULE ${quoteIdent(object.name)}`]),
    ];
  },
  drop: (object) => `DROP RULE ${object.identity}`,
  deparsed: ['definition'],
  redefine: (object) => ({
    statements: [String(object.attributes.definition).replace(/^CREATE /, 'CREATE OR REPLACE ')],
  }),
};
