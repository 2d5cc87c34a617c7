ALTER OPERATOR FAMILY my_array_ops USING gin ADD
  FUNCTION 6 (anyarray, anyarray) ginarraytriconsistent(internal, smallint, anyarray, integer, internal, internal, internal);
CREATE TABLE t (a int[]);
CREATE INDEX ON t USING gin (a my_array_ops) WITH (fastupdate = off);
