/**
 * SQL for the oid of an ancestor's constraint that isn't valid and that the constraint `k` comes from, or NULL.
 * What an heir has of it comes late, when the ancestor gets it, even where its own copy and its parent's are valid.
 */
export const invalidAncestor = (k: string): string => `(
  WITH RECURSIVE up AS (
    SELECT h.inhparent AS oid FROM pg_inherits h WHERE h.inhrelid = ${k}.conrelid
    UNION SELECT h.inhparent FROM pg_inherits h JOIN up ON h.inhrelid = up.oid)
  SELECT min(pk.oid) FROM up JOIN pg_constraint pk ON pk.conrelid = up.oid
  WHERE pk.contype = ${k}.contype AND pk.conname = ${k}.conname AND NOT pk.convalidated)`;

/** SQL for the oids, as json, of the descendants' constraints that are the same as `k` and their own as well, or NULL. */
export const ownCopies = (k: string): string => `(
  WITH RECURSIVE down AS (
    SELECT h.inhrelid AS oid FROM pg_inherits h WHERE h.inhparent = ${k}.conrelid
    UNION SELECT h.inhrelid FROM pg_inherits h JOIN down ON h.inhparent = down.oid)
  SELECT json_agg(hk.oid::int8) FROM down JOIN pg_constraint hk ON hk.conrelid = down.oid
  WHERE hk.contype = ${k}.contype AND hk.conname = ${k}.conname AND hk.conislocal)`;
