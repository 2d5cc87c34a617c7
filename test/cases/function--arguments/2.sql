CREATE OR REPLACE FUNCTION c(anyelement, anyarray DEFAULT NULL) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';
DROP FUNCTION h;
CREATE FUNCTION h(c refcursor, k "char", i interval day to second, n numeric(5, 2), v varchar(3), b bit(3)) RETURNS time(3) with time zone LANGUAGE sql RETURN NULL::timetz;
CREATE VIEW v AS SELECT (b(2, 3, 4)).c, t.b AS attribute, g(t) FROM t;
