import { address, type Part } from './kind.js';

/** A relation's row type: it comes with the relation, and COMMENT ON TYPE can name it. */
export function rowTypePart(row: { readonly row_type: number; readonly identity: string }): Part {
  return [address('pg_type', row.row_type), `TYPE ${row.identity}`];
}

/** SQL for the oid of the rule that makes `c` a view. */
export const returnRule = `(SELECT w.oid FROM pg_rewrite w WHERE w.ev_class = c.oid AND w.rulename = '_RETURN')`;

/** The rule that is the view itself, which COMMENT ON RULE can name. */
export function returnRulePart(row: { readonly rule: number; readonly identity: string }): Part {
  return [address('pg_rewrite', row.rule), `RULE "_RETURN" ON ${row.identity}`];
}
