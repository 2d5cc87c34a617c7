COMMENT ON OPERATOR CLASS int_abs_ops USING btree IS 'by size?';
COMMENT ON OPERATOR FAMILY int_abs_ops USING btree IS 'of sizes';
ALTER OPERATOR CLASS int_abs_ops USING btree OWNER TO case_owner;
ALTER OPERATOR FAMILY int_abs_ops USING btree OWNER TO case_owner;
ALTER OPERATOR CLASS int_abs_ops USING btree RENAME TO "By size";
INSERT INTO t VALUES (-3), (2);
CREATE VIEW v AS SELECT a FROM t ORDER BY a USING OPERATOR(public.|<|);
