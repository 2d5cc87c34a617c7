CREATE TABLE z_root (a int, b int);
CREATE TABLE parent () INHERITS (z_root);
INSERT INTO parent VALUES (0, 0);
