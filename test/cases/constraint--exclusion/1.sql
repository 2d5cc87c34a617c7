CREATE TABLE booking (id int, room circle, during tstzrange, level int,
  CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&, room WITH &&) WITH (fillfactor = 75) WHERE (level > 0) DEFERRABLE INITIALLY DEFERRED,
  EXCLUDE (level WITH =) INCLUDE (id) WHERE (id IS NOT NULL),
  EXCLUDE USING hash ((level + 1) WITH =));
COMMENT ON CONSTRAINT no_overlap ON booking IS 'one at a time';
INSERT INTO booking VALUES (1, '<(0,0),1>', '[2024-01-01,2024-01-02)', 1);
