CREATE TABLE t (a int, b text, c int, d int);
CREATE VIEW v AS SELECT a, d FROM t;
CREATE INDEX t_cd ON t (c, d);
GRANT SELECT (a, d) ON t TO case_reader;
INSERT INTO t VALUES (1, 'x', 2, 3);
