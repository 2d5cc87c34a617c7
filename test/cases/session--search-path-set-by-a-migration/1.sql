CREATE SCHEMA app;
SET LOCAL search_path = app;
CREATE TABLE t (a int);
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT count(*)::int FROM t';
CREATE VIEW v AS SELECT * FROM t;
SET LOCAL search_path = public;
