import { quoteIdent } from '../../database/sql.js';
import { address, type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { operatorName, operatorSignature, qualifiedName } from '../names.js';
import { parameterList } from '../parameters.js';

interface Operator {
  /** Another operator names it as its commutator or negator, and nobody has ever defined it. */
  readonly shell?: boolean;
  readonly function?: string;
  readonly left?: string;
  readonly right?: string;
  readonly commutator?: string;
  readonly negator?: string;
  readonly restrict?: string;
  readonly join?: string;
  readonly hashes?: boolean;
  readonly merges?: boolean;
}

interface Row extends KindRow, Operator {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  /** Schemas in which a commutator or negator gets a shell where it doesn't exist yet. */
  readonly schemas: readonly number[] | null;
  readonly named_by: readonly number[] | null;
}

/** Operators. The first of a pair to be made gives its commutator or negator a shell, which that one fills. */
export const operator: Kind<Row> = {
  name: 'operator',
  catalog: 'pg_operator',
  rank: 42,
  title: 'Operators',
  noun: { comment: 'OPERATOR', owner: 'OPERATOR' },
  query: () => `
    WITH named AS (
      SELECT oprcom AS oid, oid AS by FROM pg_operator WHERE oid >= 16384 AND oprcom <> oid
      UNION ALL SELECT oprnegate, oid FROM pg_operator WHERE oid >= 16384)
    SELECT o.oid, n.nspname AS schema, o.oprname AS name, ${operatorSignature('o.oid')} AS identity, o.oprowner AS owner,
      o.oprcode = 0 AS shell, ${qualifiedName('o.oprcode', 'pg_proc')} AS function,
      CASE WHEN o.oprcode <> 0 AND o.oprleft <> 0 THEN format_type(o.oprleft, NULL) END AS left,
      CASE WHEN o.oprcode <> 0 THEN format_type(o.oprright, NULL) END AS right,
      ${operatorName('o.oprcom')} AS commutator, ${operatorName('o.oprnegate')} AS negator,
      ${qualifiedName('o.oprrest', 'pg_proc')} AS restrict, ${qualifiedName('o.oprjoin', 'pg_proc')} AS join,
      o.oprcanhash AS hashes, o.oprcanmerge AS merges,
      (SELECT json_agg(other.oprnamespace::int8) FROM pg_operator other WHERE other.oid IN (o.oprcom, o.oprnegate)) AS schemas,
      CASE WHEN o.oprcode = 0 THEN (SELECT json_agg(named.by::int8) FROM named WHERE named.oid = o.oid) END AS named_by
    FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
    WHERE (o.oprcode <> 0 OR o.oid IN (SELECT oid FROM named)) AND ${userRow('o', 'pg_operator')}`,
  map: ({ oid: _oid, owner: _owner, schema, name, identity, schemas, named_by: namedBy, ...operator }) => ({
    schema,
    name,
    identity,
    attributes: attributes({ ...operator }),
    requires: [
      ...(schemas ?? []).map((oid) => address('pg_namespace', oid)),
      ...(namedBy ?? []).map((oid) => address('pg_operator', oid)),
    ],
  }),
  create: (object) => {
    const values = object.attributes as Operator;
    if (values.shell === true) return [];
    const link = (name: string | undefined) => (name === undefined ? undefined : `OPERATOR(${name})`);
    const parameters = parameterList({
      FUNCTION: values.function,
      LEFTARG: values.left,
      RIGHTARG: values.right,
      COMMUTATOR: link(values.commutator),
      NEGATOR: link(values.negator),
      RESTRICT: values.restrict,
      JOIN: values.join,
      HASHES: values.hashes,
      MERGES: values.merges,
    });
    return [`CREATE OPERATOR ${quoteIdent(object.schema ?? '')}.${object.name} ${parameters}`];
  },
  drop: (object) => `DROP OPERATOR ${object.identity}`,
};
