CREATE TABLE parent (a int, twice int GENERATED ALWAYS AS (a * 2) STORED);
CREATE TABLE heir (b int) INHERITS (parent);
INSERT INTO heir (a, b) VALUES (2, 3);
