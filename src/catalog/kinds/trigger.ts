import { quoteIdent } from '../../database/sql.js';
import { address, type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';

interface Row extends KindRow {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly relation: number;
  readonly on: string;
  readonly noun: string;
  readonly definition: string;
  readonly state: string | null;
  readonly clone: boolean;
  readonly constraint: number;
}

/** Triggers of tables, views and foreign tables; a partition's copy only where its state differs from its parent's. */
export const trigger: Kind<Row> = {
  name: 'trigger',
  catalog: 'pg_trigger',
  rank: 230,
  title: 'Triggers',
  noun: { comment: 'TRIGGER' },
  query: () => `
    SELECT g.oid, n.nspname AS schema, g.tgname AS name, format('%I ON %I.%I', g.tgname, n.nspname, c.relname) AS identity,
      c.oid AS relation, format('%I.%I', n.nspname, c.relname) AS on,
      CASE c.relkind WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS noun, pg_get_triggerdef(g.oid) AS definition,
      CASE WHEN g.tgenabled <> coalesce(p.tgenabled, 'O') THEN
        CASE g.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END
      END AS state, g.tgparentid <> 0 AS clone, g.tgconstraint AS constraint
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_trigger p ON p.oid = g.tgparentid
    WHERE NOT g.tgisinternal AND c.relpersistence <> 't' AND ${userRow('g', 'pg_trigger')}`,
  map: (row) => ({
    schema: row.schema,
    name: row.name,
    identity: row.identity,
    attributes: attributes({
      on: row.on,
      noun: row.noun,
      definition: row.definition,
      state: row.state,
      clone: row.clone,
    }),
    requires: [address('pg_class', row.relation)],
    ...(row.constraint === 0 ? {} : { also: [address('pg_constraint', row.constraint)] }),
  }),
  create: (object) => {
    const { definition, state, clone, on, noun } = object.attributes as Record<
      string,
      string | boolean | undefined
    >;
    return [
      ...(clone === true ? [] : [String(definition)]),
      ...(state === undefined ? [] : [`ALTER ${noun} ${on} ${state} TRIGGER ${quoteIdent(object.name)}`]),
    ];
  },
  drop: (object) => (object.attributes.clone === true ? null : `DROP TRIGGER ${object.identity}`),
  deparsed: ['definition'],
  redefine: (object) => ({
    statements: [`DROP TRIGGER ${object.identity}`, String(object.attributes.definition)],
  }),
};
