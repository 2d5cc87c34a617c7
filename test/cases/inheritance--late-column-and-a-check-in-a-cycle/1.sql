CREATE TABLE parent (id int);
CREATE FUNCTION counted(int) RETURNS int LANGUAGE sql STABLE BEGIN ATOMIC SELECT (SELECT count(*)::int FROM parent WHERE id > $1); END;
ALTER TABLE parent ADD CONSTRAINT few CHECK (counted(id) IS NOT NULL);
CREATE TABLE heir (note text) INHERITS (parent);
ALTER TABLE parent ADD COLUMN late bytea;
