CREATE FUNCTION same(int, text) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT $1::text = $2 $$;
CREATE OPERATOR ==== (FUNCTION = same, LEFTARG = int, RIGHTARG = text);
CREATE FUNCTION is_one(n int) RETURNS bool LANGUAGE sql RETURN n ==== '1';
