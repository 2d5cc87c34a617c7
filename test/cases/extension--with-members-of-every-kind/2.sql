CREATE TABLE t (
  a citext PRIMARY KEY, n int, h ext.hstore DEFAULT 'a=>1', l ltree, i isbn, c cube, s seg,
  EXCLUDE USING gist (l WITH =, c WITH &&)
);
CREATE INDEX ON t USING gin (a ext.gin_trgm_ops);
CREATE INDEX ON t USING bloom (n);
CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION plain ALTER MAPPING FOR word, hword WITH unaccent, simple;
CREATE TEXT SEARCH DICTIONARY numbers (TEMPLATE = intdict_template, MAXLEN = 4);
CREATE TYPE labels AS RANGE (SUBTYPE = citext);
CREATE CAST (text AS seg) WITH INOUT;
INSERT INTO t (a, l, c) VALUES ('X', 'a.b', '(1,2)');
