CREATE TABLE t (kind varchar(10) CHECK (kind IN ('a', 'b')), n int CHECK (n BETWEEN 1 AND 9));
CREATE VIEW v AS SELECT * FROM t WHERE kind IN ('a', 'c');
