CREATE TABLE parent (a int, b int NOT NULL, c int);
CREATE TABLE heir () INHERITS (parent);
CREATE TABLE declared (a int NOT NULL, c int) INHERITS (parent);
