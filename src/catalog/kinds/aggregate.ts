import { quoteQualified } from '../../database/sql.js';
import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes, type CatalogObject } from '../model.js';
import { operatorName, qualifiedName, typeList } from '../names.js';
import { parameterList } from '../parameters.js';

/** Parameters of CREATE AGGREGATE; whether the final functions modify the state only where it isn't the default. */
interface Aggregate {
  readonly arguments?: string;
  /** As GRANT … ON FUNCTION calls it: without ORDER BY. */
  readonly signature: string;
  readonly sfunc: string;
  readonly stype: string;
  readonly sspace?: number;
  readonly finalfunc?: string;
  readonly finalfuncExtra?: boolean;
  readonly finalfuncModify?: string;
  readonly combinefunc?: string;
  readonly serialfunc?: string;
  readonly deserialfunc?: string;
  readonly initcond?: string;
  readonly msfunc?: string;
  readonly minvfunc?: string;
  readonly mstype?: string;
  readonly msspace?: number;
  readonly mfinalfunc?: string;
  readonly mfinalfuncExtra?: boolean;
  readonly mfinalfuncModify?: string;
  readonly minitcond?: string;
  readonly sortop?: string;
  readonly parallel?: string;
  readonly hypothetical?: boolean;
}

interface Row extends KindRow, Aggregate {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
}

const procedure = (column: string): string => qualifiedName(`a.${column}::oid`, 'pg_proc');

/** Normal aggregates only read their state by default, ordered-set ones may change it. */
const modify = (column: string): string =>
  `CASE WHEN a.${column} <> CASE a.aggkind WHEN 'n' THEN 'r' ELSE 'w' END
    THEN CASE a.${column} WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END`;

/** `integer, text`, `text ORDER BY integer` or `*`. */
const identityArguments = `CASE WHEN p.pronargs = 0 THEN '*'
  WHEN a.aggkind = 'n' THEN ${typeList('p.proargtypes::oid[]')} ELSE pg_get_function_identity_arguments(p.oid) END`;

/** Aggregate functions. */
export const aggregate: Kind<Row> = {
  name: 'aggregate',
  catalog: 'pg_proc',
  rank: 74,
  title: 'Aggregates',
  noun: { comment: 'AGGREGATE', owner: 'AGGREGATE', grant: 'FUNCTION' },
  query: () => `
    SELECT p.oid, n.nspname AS schema, p.proname AS name, p.proowner AS owner,
      format('%I.%I(%s)', n.nspname, p.proname, ${identityArguments}) AS identity,
      format('%I.%I(%s)', n.nspname, p.proname, ${typeList('p.proargtypes::oid[]')}) AS signature, pg_get_function_arguments(p.oid) AS arguments,
      ${procedure('aggtransfn')} AS sfunc, format_type(a.aggtranstype, NULL) AS stype, nullif(a.aggtransspace, 0) AS sspace,
      ${procedure('aggfinalfn')} AS finalfunc, a.aggfinalextra AS "finalfuncExtra",
      ${modify('aggfinalmodify')} AS "finalfuncModify", ${procedure('aggcombinefn')} AS combinefunc,
      ${procedure('aggserialfn')} AS serialfunc, ${procedure('aggdeserialfn')} AS deserialfunc,
      quote_literal(a.agginitval) AS initcond, ${procedure('aggmtransfn')} AS msfunc, ${procedure('aggminvtransfn')} AS minvfunc,
      CASE WHEN a.aggmtranstype <> 0 THEN format_type(a.aggmtranstype, NULL) END AS mstype,
      nullif(a.aggmtransspace, 0) AS msspace, ${procedure('aggmfinalfn')} AS mfinalfunc,
      a.aggmfinalextra AS "mfinalfuncExtra", ${modify('aggmfinalmodify')} AS "mfinalfuncModify",
      quote_literal(a.aggminitval) AS minitcond, ${operatorName('a.aggsortop')} AS sortop,
      CASE p.proparallel WHEN 's' THEN 'SAFE' WHEN 'r' THEN 'RESTRICTED' END AS parallel, a.aggkind = 'h' AS hypothetical
    FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE ${userRow('p', 'pg_proc')}`,
  map: ({ oid: _oid, owner: _owner, schema, name, identity, ...parameters }) => ({
    schema,
    name,
    identity,
    attributes: attributes({ ...parameters }),
  }),
  create: (object) => [definition(object)],
  drop: (object) => `DROP AGGREGATE ${object.identity}`,
  grantTarget: (object) => `FUNCTION ${object.attributes.signature}`,
};

function definition(object: CatalogObject): string {
  const values = object.attributes as unknown as Aggregate;
  const number = (value: number | undefined) => (value === undefined ? undefined : String(value));
  const parameters = parameterList({
    SFUNC: values.sfunc,
    STYPE: values.stype,
    SSPACE: number(values.sspace),
    FINALFUNC: values.finalfunc,
    FINALFUNC_EXTRA: values.finalfuncExtra,
    FINALFUNC_MODIFY: values.finalfuncModify,
    COMBINEFUNC: values.combinefunc,
    SERIALFUNC: values.serialfunc,
    DESERIALFUNC: values.deserialfunc,
    INITCOND: values.initcond,
    MSFUNC: values.msfunc,
    MINVFUNC: values.minvfunc,
    MSTYPE: values.mstype,
    MSSPACE: number(values.msspace),
    MFINALFUNC: values.mfinalfunc,
    MFINALFUNC_EXTRA: values.mfinalfuncExtra,
    MFINALFUNC_MODIFY: values.mfinalfuncModify,
    MINITCOND: values.minitcond,
    SORTOP: values.sortop === undefined ? undefined : `OPERATOR(${values.sortop})`,
    PARALLEL: values.parallel,
    HYPOTHETICAL: values.hypothetical,
  });
  const name = quoteQualified(object.schema ?? '', object.name);
  return `CREATE AGGREGATE ${name}(${values.arguments ?? '*'}) ${parameters}`;
}
