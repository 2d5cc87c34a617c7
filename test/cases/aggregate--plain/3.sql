DROP VIEW v;
DROP AGGREGATE joined(text);
CREATE AGGREGATE joined(text, text) (SFUNC = string_agg_transfn, STYPE = internal, FINALFUNC = string_agg_finalfn, FINALFUNC_MODIFY = READ_WRITE);
ALTER AGGREGATE total(int) RENAME TO "Grand total";
CREATE MATERIALIZED VIEW m AS SELECT "Grand total"(a) AS all_of_it FROM t;
