UPDATE t SET x = 'longer: ' || repeat('0123456789', 400) WHERE id = -3;
ALTER TABLE t DROP COLUMN i2;
ALTER TABLE t ADD COLUMN added text DEFAULT 'filled';
