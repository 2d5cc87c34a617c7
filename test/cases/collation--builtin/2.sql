CREATE TABLE t (a text COLLATE fast);
COMMENT ON COLLATION fast IS 'no library';
