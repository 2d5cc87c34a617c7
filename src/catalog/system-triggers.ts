import { doBlock, quoteLiteral } from '../database/sql.js';
import type { CatalogObject, Value } from './model.js';

/** A trigger of the server's own, which enforces a constraint and was switched off or to a replica's mode. */
export interface TriggerState {
  readonly on: string;
  /** What tells it from the constraint's other triggers. */
  readonly function: string;
  readonly state: string;
}

/**
 * SQL for the oids of the constraints whose triggers aren't in their plain state, with the json array of TriggerState;
 * such triggers have an oid in their name, so they are found by function.
 */
export const triggerStates = `
  SELECT g.tgconstraint AS oid,
    json_agg(json_build_object('on', format('%I.%I', rn.nspname, r.relname), 'function', g.tgfoid::regprocedure::text,
      'state', CASE g.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END)
      ORDER BY rn.nspname COLLATE "C", r.relname COLLATE "C", g.tgfoid) AS states
  FROM pg_trigger g JOIN pg_class r ON r.oid = g.tgrelid JOIN pg_namespace rn ON rn.oid = r.relnamespace
  WHERE g.tgconstraint <> 0 AND g.tgisinternal AND g.tgparentid = 0 AND g.tgenabled <> 'O' GROUP BY g.tgconstraint`;

/** The same as plain data for the model. */
export function plainStates(states: readonly TriggerState[] | null | undefined): readonly Value[] {
  return (states ?? []).map((state) => ({ ...state }));
}

/** @param table the constraint's table */
export function triggerStateStatements(
  constraint: CatalogObject,
  table: string,
  states: readonly TriggerState[],
): readonly string[] {
  return states.map(({ on, function: called, state }) =>
    doBlock(
      `BEGIN
  EXECUTE (SELECT pg_catalog.format(${quoteLiteral(`ALTER TABLE ${on.replaceAll('%', '%%')} ${state} TRIGGER %I`)}, g.tgname)
    FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_constraint k ON k.oid = g.tgconstraint
    WHERE k.conrelid = ${quoteLiteral(table)}::pg_catalog.regclass AND k.conname = ${quoteLiteral(constraint.name)}
      AND g.tgrelid = ${quoteLiteral(on)}::pg_catalog.regclass AND g.tgfoid = ${quoteLiteral(called)}::pg_catalog.regprocedure);
END`,
      'state',
    ),
  );
}
