CREATE FUNCTION mac(text) RETURNS text LANGUAGE c IMMUTABLE STRICT AS '$libdir/fuzzystrmatch', 'soundex';
CREATE FUNCTION soundex(text) RETURNS text LANGUAGE c STRICT AS '$libdir/fuzzystrmatch';
