CREATE TABLE t (a int);
COMMENT ON TYPE t IS 'of rows';
