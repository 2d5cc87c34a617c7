CREATE TABLE a (id int, code text, kind int, note text,
  CONSTRAINT a_pk PRIMARY KEY (id) INCLUDE (note) WITH (fillfactor = 70),
  CONSTRAINT a_code UNIQUE (code, kind) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT a_kind UNIQUE (kind) WITH (fillfactor = 80, deduplicate_items = off) DEFERRABLE);
COMMENT ON CONSTRAINT a_pk ON a IS 'key';
COMMENT ON INDEX a_pk IS 'index of the key';
CREATE UNIQUE INDEX later ON a (note, id);
