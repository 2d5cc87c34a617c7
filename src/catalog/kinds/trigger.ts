import { quoteIdent } from '../../database/sql.js';
import { address, type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';

interface Trigger {
  readonly on: string;
  readonly noun: string;
  readonly definition: string;
  readonly state?: string;
  readonly clone?: boolean;
  readonly renamedFrom?: string;
}

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
  readonly renamed_from: string | null;
  readonly constraint: number;
}

/** SQL for the name that a partition's copy is born with: that of the trigger at the root. Only 14 lets it be renamed. */
const bornAs = `(WITH RECURSIVE up AS (
    SELECT u.oid, u.tgname, u.tgparentid FROM pg_trigger u WHERE u.oid = g.tgparentid
    UNION ALL SELECT u.oid, u.tgname, u.tgparentid FROM pg_trigger u JOIN up ON u.oid = up.tgparentid)
  SELECT up.tgname FROM up WHERE up.tgparentid = 0 AND up.tgname <> g.tgname)`;

/** Before 15 the copies of users' triggers pass for internal; those of foreign keys do on every major. */
const isUsers = `NOT g.tgisinternal OR g.tgparentid <> 0
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.oid = g.tgconstraint AND k.contype <> 't')`;

/** Triggers of tables, views and foreign tables; a partition's copy says only in what it differs from its parent's. */
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
      END AS state, g.tgparentid <> 0 AS clone, ${bornAs} AS renamed_from, g.tgconstraint AS constraint
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_trigger p ON p.oid = g.tgparentid
    WHERE (${isUsers}) AND c.relpersistence <> 't' AND ${userRow('g', 'pg_trigger')}`,
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
      renamedFrom: row.renamed_from,
    }),
    requires: [address('pg_class', row.relation)],
    ...(row.constraint === 0
      ? {}
      : { parts: [[address('pg_constraint', row.constraint), `CONSTRAINT ${row.identity}`]] }),
  }),
  create: (object) => {
    const { definition, state, clone, renamedFrom, on, noun } = object.attributes as unknown as Trigger;
    const name = quoteIdent(object.name);
    return [
      ...(clone === true ? [] : [definition]),
      ...(renamedFrom === undefined
        ? []
        : [`ALTER TRIGGER ${quoteIdent(renamedFrom)} ON ${on} RENAME TO ${name}`]),
      ...(state === undefined ? [] : [`ALTER ${noun} ${on} ${state} TRIGGER ${name}`]),
    ];
  },
  drop: (object) => (object.attributes.clone === true ? null : `DROP TRIGGER ${object.identity}`),
  deparsed: ['definition'],
  redefine: (object) => ({
    statements: [`DROP TRIGGER ${object.identity}`, String(object.attributes.definition)],
  }),
};
