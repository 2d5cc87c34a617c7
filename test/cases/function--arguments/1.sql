CREATE FUNCTION a(x int, INOUT y text DEFAULT 'it''s ?', OUT "Odd out" date) LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE FUNCTION b(int = 1, VARIADIC rest numeric[] DEFAULT ARRAY[]::numeric[]) RETURNS TABLE ("a b" int, c text) LANGUAGE sql AS 'SELECT 1, $$x$$';
CREATE FUNCTION c(anyelement, anyarray) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION d(anycompatible, anycompatiblerange) RETURNS SETOF anycompatible LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION e(VARIADIC "any") RETURNS text LANGUAGE internal STABLE AS 'text_concat';
CREATE TABLE t (a int, b text);
CREATE FUNCTION f(t, t[]) RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t';
CREATE FUNCTION g(x t) RETURNS text LANGUAGE sql RETURN (x).b;
CREATE FUNCTION h(OUT a int, OUT b int) RETURNS SETOF record LANGUAGE sql AS 'SELECT 1, 2';
