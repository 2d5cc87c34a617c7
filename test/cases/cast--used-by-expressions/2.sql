CREATE TABLE t (p pair, s bigint GENERATED ALWAYS AS (p::bigint) STORED, CHECK (p::bigint > 0));
CREATE INDEX ON t ((p::bigint));
CREATE VIEW v AS SELECT p::bigint + 1 AS one_more FROM t;
CREATE FUNCTION f(pair) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT $1::bigint * 2; END;
INSERT INTO t VALUES ('(1,2)');
