CREATE TABLE t (a int);
CREATE TYPE around AS (t t, n int);
CREATE FUNCTION wrap(t) RETURNS around LANGUAGE sql IMMUTABLE RETURN ROW($1, 1)::around;
