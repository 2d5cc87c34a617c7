ALTER TABLE event ALTER COLUMN name SET DEFAULT 'changed';
ALTER TABLE plain_event ALTER COLUMN name DROP DEFAULT;
ALTER TABLE local_event ALTER COLUMN at SET DEFAULT '2024-03-03';
CREATE TABLE grandchild (extra int) INHERITS (event);
COMMENT ON COLUMN grandchild.name IS 'from far';
CREATE INDEX ON grandchild (name);
