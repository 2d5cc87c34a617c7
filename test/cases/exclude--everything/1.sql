CREATE EXTENSION btree_gist;
CREATE TABLE t (room int, during tsrange, c circle, gone boolean,
  CONSTRAINT no_overlap EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (NOT gone),
  EXCLUDE USING gist (c WITH &&) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO t VALUES (1, '[2020-01-01,2020-01-02)', '<(0,0),1>', false);
