CREATE FUNCTION double_of(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN $1 * 2;
CREATE OPERATOR #! (FUNCTION = double_of, RIGHTARG = bigint);
CREATE OPERATOR @#@ (FUNCTION = double_of, RIGHTARG = bigint);
COMMENT ON OPERATOR #! (NONE, bigint) IS 'twice';
