CREATE TABLE parent (id int, note text);
ALTER TABLE parent ADD CONSTRAINT positive CHECK (id > 0);
CREATE TABLE heir (id int) INHERITS (parent);
CREATE TABLE grandchild (id int) INHERITS (heir);
INSERT INTO heir VALUES (1, 'one');
