ALTER TABLE source ATTACH PARTITION source_2 FOR VALUES IN (2);
ALTER TABLE source_1 ADD CONSTRAINT only_here FOREIGN KEY (target) REFERENCES target (id) ON DELETE SET NULL;
COMMENT ON CONSTRAINT own_name ON source_2 IS 'attached by name';
COMMENT ON CONSTRAINT to_parted ON source IS 'to all';
COMMENT ON CONSTRAINT source_target_fkey ON source_1 IS 'a clone';
CREATE TABLE parted_target_2 PARTITION OF parted_target FOR VALUES IN (2) PARTITION BY LIST (kind);
CREATE TABLE parted_target_2_2 PARTITION OF parted_target_2 FOR VALUES IN (2);
INSERT INTO target VALUES (1); INSERT INTO parted_target VALUES (1, 1), (2, 2);
INSERT INTO source VALUES (1, 1, 1), (2, 2, 1);
