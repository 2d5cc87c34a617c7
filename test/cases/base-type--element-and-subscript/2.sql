CREATE TABLE t (s spot, d document);
INSERT INTO t VALUES ('(1,2)', '{"a": [1]}');
CREATE VIEW v AS SELECT s[0] AS x, d FROM t;
