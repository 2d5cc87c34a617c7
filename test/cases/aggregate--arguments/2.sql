CREATE SCHEMA s;
CREATE TYPE s.pair AS (a int, b int);
CREATE FUNCTION s.add(s.pair, x s.pair, y int) RETURNS s.pair LANGUAGE sql IMMUTABLE RETURN ROW(($1).a + (x).a, y)::s.pair;
CREATE AGGREGATE s.sum(s.pair, int) (SFUNC = s.add, STYPE = s.pair, INITCOND = '(0,0)');
COMMENT ON AGGREGATE s.sum(s.pair, int) IS 'pairs';
ALTER AGGREGATE least_in(VARIADIC numeric[]) SET SCHEMA s;
