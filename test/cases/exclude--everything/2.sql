ALTER TABLE t RENAME COLUMN during TO "During";
ALTER TABLE t ADD EXCLUDE USING btree ((lower("During")) WITH =);
