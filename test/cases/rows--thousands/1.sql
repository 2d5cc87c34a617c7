CREATE TABLE t (id serial PRIMARY KEY, x text, n numeric);
INSERT INTO t (x, n) SELECT 'row ' || g || E' \'?\\', g / 7.0 FROM generate_series(1, 1700) g;
DELETE FROM t WHERE id % 7 = 0;
UPDATE t SET x = NULL WHERE id % 11 = 0;
