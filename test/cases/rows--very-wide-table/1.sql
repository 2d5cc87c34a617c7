-- As many columns as are too many to be selected and ordered by at once.
DO $$ BEGIN
  EXECUTE (SELECT 'CREATE TABLE wide (' || string_agg(format('c%s text', n), ', ') || ')' FROM generate_series(1, 1100) n);
END $$;
INSERT INTO wide (c1, c1100) VALUES ('b', NULL), ('a', ''), ('a', NULL);
