ALTER TABLE parent ADD COLUMN late int NOT NULL DEFAULT 7 CHECK (late > 0);
ALTER TABLE heir ADD COLUMN later text;
INSERT INTO grandchild VALUES (1, 'x', 2, 'y', 5, 8, 'z');
