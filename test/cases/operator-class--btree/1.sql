CREATE FUNCTION abs_lt(int, int) RETURNS bool LANGUAGE sql IMMUTABLE RETURN abs($1) < abs($2);
CREATE FUNCTION abs_le(int, int) RETURNS bool LANGUAGE sql IMMUTABLE RETURN abs($1) <= abs($2);
CREATE FUNCTION abs_eq(int, int) RETURNS bool LANGUAGE sql IMMUTABLE RETURN abs($1) = abs($2);
CREATE FUNCTION abs_ge(int, int) RETURNS bool LANGUAGE sql IMMUTABLE RETURN abs($1) >= abs($2);
CREATE FUNCTION abs_gt(int, int) RETURNS bool LANGUAGE sql IMMUTABLE RETURN abs($1) > abs($2);
CREATE FUNCTION abs_cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE RETURN btint4cmp(abs($1), abs($2));
CREATE OPERATOR |<| (FUNCTION = abs_lt, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR |<=| (FUNCTION = abs_le, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR |=| (FUNCTION = abs_eq, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR |>=| (FUNCTION = abs_ge, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR |>| (FUNCTION = abs_gt, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR CLASS int_abs_ops FOR TYPE int USING btree AS
  OPERATOR 1 |<|, OPERATOR 2 |<=|, OPERATOR 3 |=|, OPERATOR 4 |>=|, OPERATOR 5 |>|,
  FUNCTION 1 abs_cmp(int, int), FUNCTION 4 btequalimage(oid);
CREATE TABLE t (a int);
CREATE INDEX t_abs ON t (a int_abs_ops DESC NULLS LAST);
