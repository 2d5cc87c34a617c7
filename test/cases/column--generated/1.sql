CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) STORED, c text GENERATED ALWAYS AS (a::text || '?') STORED, d varchar(5), e boolean GENERATED ALWAYS AS (d IN ('x', 'y')) STORED);
INSERT INTO t (a, d) VALUES (1, 'x'), (2, NULL);
