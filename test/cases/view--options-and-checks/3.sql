CREATE OR REPLACE VIEW barred AS SELECT id, label AS name, kind FROM t;
ALTER TABLE t ADD COLUMN more int;
CREATE VIEW star AS SELECT t.*, p AS whole_row FROM t JOIN plain p USING (id);
CREATE VIEW no_columns AS SELECT FROM t;
