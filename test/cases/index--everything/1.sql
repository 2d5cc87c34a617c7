CREATE TABLE t (a int, b text, c jsonb, d point, e int[], f tsvector);
CREATE INDEX i1 ON t (a DESC NULLS LAST, b COLLATE "C" text_pattern_ops ASC NULLS FIRST) INCLUDE (d) WITH (fillfactor = 80, deduplicate_items = off) WHERE a > 0 AND b LIKE '%\?';
CREATE UNIQUE INDEX i2 ON t (lower(b), (c ->> 'k?'));
CREATE INDEX i3 ON t USING gin (c jsonb_path_ops, e) WITH (fastupdate = off);
CREATE INDEX i4 ON t USING gist (d);
CREATE INDEX i5 ON t USING brin (a int4_minmax_multi_ops (values_per_range = 16)) WITH (pages_per_range = 4, autosummarize = on);
CREATE INDEX i6 ON t USING hash (b);
CREATE INDEX i7 ON t USING spgist (d);
CREATE INDEX ON t ((a + 1), (b || 'x'));
