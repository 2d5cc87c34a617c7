CREATE TABLE parent (a int CONSTRAINT pa NOT NULL, b int);
CREATE TABLE heir (c int) INHERITS (parent);
CREATE TABLE own (b int CONSTRAINT own_b NOT NULL, a int CONSTRAINT own_a NOT NULL);
