CREATE OR REPLACE FUNCTION same(int, text) RETURNS bool LANGUAGE sql IMMUTABLE RETURN CASE WHEN $1 = 1 THEN true ELSE is_one(1) END;
COMMENT ON OPERATOR ==== (int, text) IS 'through itself';
