ALTER TABLE t ADD COLUMN b text;
CREATE TABLE u (x around, y int DEFAULT (wrap(ROW(1, 'b')::t)).n);
