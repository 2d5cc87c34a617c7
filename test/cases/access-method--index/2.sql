CREATE TABLE t (a int, b int);
CREATE INDEX t_a ON t USING bt2 (a DESC) WHERE b > 0;
CREATE FUNCTION my_gist(internal) RETURNS index_am_handler LANGUAGE internal AS 'gisthandler';
CREATE ACCESS METHOD gist2 TYPE INDEX HANDLER my_gist;
INSERT INTO t VALUES (1, 2);
