CREATE OR REPLACE VIEW a AS SELECT id, n FROM t WHERE n <= 100 OR id = 1;
ALTER TABLE t ALTER COLUMN n SET DEFAULT total();
CREATE TYPE pair AS (a int, b text);
CREATE VIEW typed AS SELECT ROW(1, 'x')::pair AS p, ARRAY[1, 2]::int[] AS list, (ROW(2, 'y')::pair).b;
