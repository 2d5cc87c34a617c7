CREATE TABLE one (a int DEFAULT 1, b int);
CREATE TABLE two (b int, a int DEFAULT 1);
CREATE TABLE heir (c int) INHERITS (one, two);
