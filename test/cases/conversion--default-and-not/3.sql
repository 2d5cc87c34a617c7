CREATE FUNCTION s.convert_it(int, int, cstring, internal, int, boolean) RETURNS int LANGUAGE c IMMUTABLE STRICT AS '$libdir/utf8_and_win', 'utf8_to_win';
CREATE CONVERSION s.to_win FOR 'UTF8' TO 'WIN1250' FROM s.convert_it;
