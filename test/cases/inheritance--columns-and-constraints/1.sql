CREATE TABLE a (id int NOT NULL, x text DEFAULT 'a', CHECK (id > 0), CONSTRAINT alone CHECK (id < 100) NO INHERIT);
CREATE TABLE b (y int, x text);
CREATE TABLE c (z int, CHECK (z > 1)) INHERITS (a, b);
INSERT INTO a VALUES (1), (2);
INSERT INTO c VALUES (3, 'q', 4, 5);
