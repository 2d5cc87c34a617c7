CREATE FUNCTION int_text(int, text) RETURNS bool LANGUAGE sql IMMUTABLE RETURN $1::text = $2;
CREATE FUNCTION text_int(text, int) RETURNS bool LANGUAGE sql IMMUTABLE RETURN $1 = $2::text;
CREATE OPERATOR === (FUNCTION = int_text, LEFTARG = int, RIGHTARG = text, COMMUTATOR = ===, HASHES, MERGES, RESTRICT = eqsel, JOIN = eqjoinsel);
