CREATE TABLE t (a box, b int);
CREATE INDEX t_a ON t USING gist2 (a) WHERE b > 0;
CREATE FUNCTION my_brin(internal) RETURNS index_am_handler LANGUAGE internal AS 'brinhandler';
CREATE ACCESS METHOD "Brin 2" TYPE INDEX HANDLER my_brin;
COMMENT ON ACCESS METHOD "Brin 2" IS 'as brin?';
INSERT INTO t VALUES ('(1,1),(0,0)', 1);
