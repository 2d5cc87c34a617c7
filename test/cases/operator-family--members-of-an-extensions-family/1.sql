CREATE EXTENSION citext;
CREATE FUNCTION citext_int_eq(citext, int) RETURNS bool LANGUAGE sql IMMUTABLE RETURN $1 = $2::text::citext;
CREATE OPERATOR = (FUNCTION = citext_int_eq, LEFTARG = citext, RIGHTARG = int);
ALTER OPERATOR FAMILY citext_ops USING btree ADD OPERATOR 3 =(citext, int);
