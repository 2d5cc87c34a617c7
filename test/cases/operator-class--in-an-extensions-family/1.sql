CREATE EXTENSION citext;
CREATE FUNCTION eq(varchar, varchar) RETURNS bool LANGUAGE sql IMMUTABLE RETURN lower($1) = lower($2);
CREATE FUNCTION hash_lower(varchar) RETURNS int LANGUAGE sql IMMUTABLE RETURN hashtext(lower($1));
CREATE OPERATOR =~~= (FUNCTION = eq, LEFTARG = varchar, RIGHTARG = varchar);
CREATE OPERATOR CLASS varchar_ci FOR TYPE varchar USING hash FAMILY citext_ops AS
  OPERATOR 1 =~~=, FUNCTION 1 hash_lower(varchar);
