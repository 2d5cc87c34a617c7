CREATE TYPE row_type AS (a int, b text, c numeric);
CREATE TABLE t OF row_type (a PRIMARY KEY, b DEFAULT 'x', c WITH OPTIONS NOT NULL, CHECK (c > 0));
CREATE TABLE u OF row_type;
INSERT INTO t VALUES (1, 'b', 2);
