CREATE FUNCTION add_up(bigint, int) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN $1 + coalesce($2, 0);
CREATE AGGREGATE total(int) (SFUNC = add_up, STYPE = bigint, INITCOND = '0', SSPACE = 16, PARALLEL = SAFE);
CREATE AGGREGATE numbered(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE joined(text) (SFUNC = textcat, STYPE = text, INITCOND = '', FINALFUNC = upper, PARALLEL = RESTRICTED);
