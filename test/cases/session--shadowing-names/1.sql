CREATE SCHEMA like_pg;
CREATE TABLE like_pg.pg_class (oid int, relname text);
CREATE FUNCTION public.format(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION public.count_it() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM like_pg.pg_class';
CREATE TYPE public.text AS (x int);
CREATE TABLE t (a public.text, b pg_catalog.text);
CREATE OPERATOR public.= (LEFTARG = int, RIGHTARG = int, FUNCTION = int4ne);
CREATE TABLE u (a int CHECK (a OPERATOR(public.=) 5), b int CHECK (b = 5));
CREATE VIEW v AS SELECT * FROM u WHERE a OPERATOR(public.=) 1 AND b = 1;
