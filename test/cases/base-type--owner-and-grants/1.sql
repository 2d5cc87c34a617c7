CREATE TYPE kept;
CREATE FUNCTION kept_in(cstring) RETURNS kept LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION kept_out(kept) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE kept (INPUT = kept_in, OUTPUT = kept_out, LIKE = int4);
