ALTER TABLE z_root ADD CONSTRAINT positive CHECK (a > 0) NOT VALID;
CREATE TABLE a_grandchild () INHERITS (parent);
CREATE TABLE great_grandchild (c int) INHERITS (a_grandchild);
INSERT INTO great_grandchild VALUES (1, 2, 3);
ALTER TABLE z_root ADD COLUMN late text DEFAULT 'late';
