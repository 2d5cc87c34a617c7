ALTER TABLE genes ADD COLUMN note varchar(20);
ALTER TABLE genes DROP COLUMN score;
