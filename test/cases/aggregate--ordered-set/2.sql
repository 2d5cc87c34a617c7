COMMENT ON AGGREGATE my_percentile(float8 ORDER BY anyelement) IS 'a percentile?';
COMMENT ON AGGREGATE my_rank(VARIADIC "any" ORDER BY VARIADIC "any") IS 'a rank';
ALTER AGGREGATE my_rank(VARIADIC "any" ORDER BY VARIADIC "any") OWNER TO case_owner;
REVOKE EXECUTE ON FUNCTION my_rank(VARIADIC "any") FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION my_percentile(float8, anyelement) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION my_mode(anyelement) TO case_reader WITH GRANT OPTION;
CREATE VIEW v AS SELECT my_percentile(0.5) WITHIN GROUP (ORDER BY x), my_rank(3) WITHIN GROUP (ORDER BY x) AS rank FROM generate_series(1, 9) x;
