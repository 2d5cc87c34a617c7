CREATE TABLE parent (a int, b int NOT NULL);
CREATE TABLE heir (c int) INHERITS (parent);
CREATE TABLE late (x int);
ALTER TABLE late ADD COLUMN b int NOT NULL;
ALTER TABLE late ADD COLUMN a int;
ALTER TABLE late INHERIT parent;
