ALTER TABLE left_home NO INHERIT parent;
ALTER TABLE parent ADD COLUMN own text DEFAULT 'p';
