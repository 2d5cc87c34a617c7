CREATE TABLE changed (changed text, found int, object text);
INSERT INTO changed VALUES ('x', 1, 'y');
CREATE TABLE objects (o int, n int, "rows" int);
INSERT INTO objects VALUES (1, 2, 3);
