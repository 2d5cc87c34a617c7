ALTER TABLE item ADD COLUMN was_generated int GENERATED ALWAYS AS (quantity + 1) STORED;
CREATE INDEX ON item (total);
