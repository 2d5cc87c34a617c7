CREATE EXTENSION pg_trgm;
CREATE FUNCTION close_to(a text, b text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT a % b';
ALTER FUNCTION close_to(text, text) DEPENDS ON EXTENSION pg_trgm;
CREATE TABLE t (a text);
CREATE INDEX t_a ON t USING gist (a gist_trgm_ops (siglen = 32));
ALTER INDEX t_a DEPENDS ON EXTENSION pg_trgm;
