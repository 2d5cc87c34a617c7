import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { type SequenceOptions, sequenceClauses, sequenceJson } from '../sequence-options.js';

interface Row extends KindRow {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly unlogged: boolean;
  readonly options: SequenceOptions;
  readonly owned_by: string | null;
}

/** Sequences but those of identity columns. OWNED BY comes late: it cycles with the column's default. */
export const sequence: Kind<Row> = {
  name: 'sequence',
  catalog: 'pg_class',
  rank: 50,
  title: 'Sequences',
  noun: { comment: 'SEQUENCE', owner: 'SEQUENCE', grant: 'SEQUENCE' },
  query: (scope) => `
    SELECT c.oid, n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS identity,
      c.relowner AS owner, c.relpersistence = 'u' AS unlogged,
      ${sequenceJson('s')} AS options,
      CASE WHEN o.refobjid IS NOT NULL THEN format('%I.%I.%I', tn.nspname, t.relname, a.attname) END AS owned_by
    FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_depend o ON o.classid = 1259 AND o.objid = c.oid AND o.refclassid = 1259 AND o.deptype IN ('a', 'i')
      AND o.refobjsubid > 0
    LEFT JOIN pg_class t ON t.oid = o.refobjid LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid
    WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND o.deptype IS DISTINCT FROM 'i' AND ${userRow('c', 'pg_class')}
      ${scope.ledger.length === 0 ? '' : `AND coalesce(o.refobjid, 0) NOT IN (${scope.ledger.join(', ')})`}`,
  map: (row) => ({
    schema: row.schema,
    name: row.name,
    identity: row.identity,
    attributes: attributes({ ...row.options, unlogged: row.unlogged, ownedBy: row.owned_by }),
  }),
  create: (object) => {
    const values = object.attributes as unknown as SequenceOptions & { unlogged?: boolean; cycle?: boolean };
    const clauses = sequenceClauses({ ...values, cycle: values.cycle === true }, true);
    const head = `CREATE ${values.unlogged === true ? 'UNLOGGED ' : ''}SEQUENCE ${object.identity}`;
    return [[head, ...clauses].join(' ')];
  },
  late: (object) => {
    const { ownedBy } = object.attributes as { ownedBy?: string };
    return ownedBy === undefined
      ? []
      : [{ phase: 'ownership', sql: `ALTER SEQUENCE ${object.identity} OWNED BY ${ownedBy}` }];
  },
  drop: (object) => (object.attributes.ownedBy === undefined ? `DROP SEQUENCE ${object.identity}` : null),
};
