CREATE TABLE settings (factor int);
CREATE FUNCTION inner_fn(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE FUNCTION outer_fn(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT inner_fn($1) * 2';
CREATE TABLE t (a int, b int GENERATED ALWAYS AS (outer_fn(a)) STORED, CHECK (outer_fn(a) > 0));
CREATE INDEX ON t (outer_fn(a));
INSERT INTO t VALUES (1);
