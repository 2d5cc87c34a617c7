CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
COMMENT ON ACCESS METHOD heap2 IS 'heap by another name';
CREATE TABLE t (a int PRIMARY KEY, b text) USING heap2;
INSERT INTO t VALUES (1, '?');
