CREATE FUNCTION same(text, text) RETURNS bool LANGUAGE sql IMMUTABLE RETURN $1 = $2;
CREATE FUNCTION my_eqsel(internal, oid, internal, int4) RETURNS float8 LANGUAGE internal STABLE STRICT AS 'eqsel';
CREATE FUNCTION my_eqjoinsel(internal, oid, internal, int2, internal) RETURNS float8 LANGUAGE internal STABLE STRICT AS 'eqjoinsel';
CREATE OPERATOR ==== (FUNCTION = same, LEFTARG = text, RIGHTARG = text, RESTRICT = my_eqsel, JOIN = my_eqjoinsel, HASHES);
CREATE OPERATOR ===== (FUNCTION = same, LEFTARG = text, RIGHTARG = text, RESTRICT = eqsel, JOIN = eqjoinsel, MERGES);
