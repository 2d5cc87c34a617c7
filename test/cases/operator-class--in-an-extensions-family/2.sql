CREATE TABLE t (v varchar);
CREATE INDEX ON t USING hash (v varchar_ci);
COMMENT ON OPERATOR CLASS varchar_ci USING hash IS 'beside the extension''s';
