CREATE TABLE t (a int, b text);
CREATE VIEW v AS SELECT total(a), numbered(*), joined(b) FROM t;
DROP AGGREGATE IF EXISTS nothing(int);
