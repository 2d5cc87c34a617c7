CREATE TYPE b;
CREATE FUNCTION b_in(cstring) RETURNS b LANGUAGE internal IMMUTABLE STRICT AS 'float8in';
CREATE FUNCTION b_out(b) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'float8out';
CREATE TYPE b (INPUT = b_in, OUTPUT = b_out, LIKE = float8);
CREATE DOMAIN warm AS b DEFAULT '3';
CREATE TYPE pair AS (one b, two types."A type");
CREATE TABLE t (w warm, p pair, n types."A type" DEFAULT '7');
INSERT INTO t VALUES (DEFAULT, '(1,2)');
