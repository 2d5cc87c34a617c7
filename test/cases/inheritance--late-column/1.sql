CREATE TABLE parent (a int, b text);
CREATE TABLE heir (c int NOT NULL DEFAULT 3, d text) INHERITS (parent);
CREATE TABLE grandchild (e int) INHERITS (heir);
INSERT INTO heir VALUES (1, 'x', 2, 'y');
