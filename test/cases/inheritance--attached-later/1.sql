CREATE TABLE parent (b text NOT NULL, a int DEFAULT 1, CONSTRAINT a_positive CHECK (a > 0));
CREATE TABLE heir (a int, own text, b text NOT NULL, CONSTRAINT a_positive CHECK (a > 0));
INSERT INTO heir VALUES (1, 'o', 'b');
