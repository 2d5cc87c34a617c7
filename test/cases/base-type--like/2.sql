CREATE TABLE t (a tiny, b small, c small[]);
INSERT INTO t VALUES ('x', '-3', '{1,2}');
