CREATE FUNCTION countdown(n int) RETURNS int LANGUAGE sql RETURN 1;
CREATE OR REPLACE FUNCTION countdown(n int) RETURNS int LANGUAGE sql RETURN CASE WHEN n > 0 THEN countdown(n - 1) ELSE 0 END;
CREATE TABLE t (a int, b int DEFAULT countdown(3));
COMMENT ON FUNCTION countdown IS 'to nought';
INSERT INTO t VALUES (1);
