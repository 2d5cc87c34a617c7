/** The system catalogs whose rows have a name in a schema, with the prefix of their columns. */
const prefixes = {
  pg_collation: 'coll',
  pg_opclass: 'opc',
  pg_opfamily: 'opf',
  pg_proc: 'pro',
  pg_ts_dict: 'dict',
  pg_ts_parser: 'prs',
  pg_ts_template: 'tmpl',
  pg_type: 'typ',
} as const;

/** SQL for `schema.name` of the row with that oid, as statements write it; NULL for the oid 0. */
export function qualifiedName(oid: string, catalog: keyof typeof prefixes): string {
  const prefix = prefixes[catalog];
  return `(SELECT format('%I.%I', qn.nspname, q.${prefix}name) FROM ${catalog} q
    JOIN pg_namespace qn ON qn.oid = q.${prefix}namespace WHERE q.oid = ${oid})`;
}

/** SQL for `schema.f(integer, text)`: the types of the input arguments tell overloads apart. */
export function functionSignature(oid: string): string {
  return `(SELECT format('%I.%I(%s)', qn.nspname, q.proname, ${typeList('q.proargtypes::oid[]')}) FROM pg_proc q
    JOIN pg_namespace qn ON qn.oid = q.pronamespace WHERE q.oid = ${oid})`;
}

/** SQL for the names of the types in an oid[], comma-separated; NULL for none. */
export function typeList(oids: string): string {
  return `(SELECT string_agg(format_type(a.type, NULL), ', ' ORDER BY a.at) FROM unnest(${oids}) WITH ORDINALITY a (type, at))`;
}

/** SQL for `schema.===`, which OPERATOR(…) takes. */
export function operatorName(oid: string): string {
  return `(SELECT format('%I.%s', qn.nspname, q.oprname) FROM pg_operator q
    JOIN pg_namespace qn ON qn.oid = q.oprnamespace WHERE q.oid = ${oid})`;
}

/** SQL for `schema.=== (integer, integer)`; NONE stands for the left operand of a prefix operator. */
export function operatorSignature(oid: string): string {
  return `(SELECT format('%I.%s (%s, %s)', qn.nspname, q.oprname,
      CASE q.oprleft WHEN 0 THEN 'NONE' ELSE format_type(q.oprleft, NULL) END, format_type(q.oprright, NULL))
    FROM pg_operator q JOIN pg_namespace qn ON qn.oid = q.oprnamespace WHERE q.oid = ${oid})`;
}
