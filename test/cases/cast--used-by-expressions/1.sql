CREATE TYPE pair AS (a int, b int);
CREATE FUNCTION pair_sum(pair) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN ($1).a + ($1).b;
CREATE CAST (pair AS bigint) WITH FUNCTION pair_sum(pair) AS IMPLICIT;
