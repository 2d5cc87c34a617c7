ALTER TABLE heir INHERIT parent;
CREATE TABLE second_parent (x int);
ALTER TABLE heir ADD COLUMN x int;
ALTER TABLE heir INHERIT second_parent;
CREATE TABLE left_home (c int) INHERITS (parent);
