ALTER TABLE emptied DROP COLUMN a, DROP COLUMN b;
COMMENT ON TABLE nothing IS 'no columns at all';
