ALTER TABLE t DISABLE RULE on_insert;
ALTER TABLE t ENABLE REPLICA RULE on_update;
ALTER TABLE t ENABLE ALWAYS RULE no_delete;
COMMENT ON RULE no_delete ON t IS 'nothing goes';
COMMENT ON RULE v_insert ON v IS 'goes through';
ALTER RULE v_update ON v RENAME TO "Odd rule";
ALTER TABLE t RENAME COLUMN name TO label;
INSERT INTO t VALUES (2, 'y');
