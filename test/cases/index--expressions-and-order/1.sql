CREATE TABLE t (id int, name text, at timestamptz, kind text DEFAULT 'a');
CREATE FUNCTION tidy(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower(trim($1))';
CREATE UNIQUE INDEX t_tidy ON t (tidy(name), (id + 1) DESC NULLS LAST, at NULLS FIRST) WHERE kind <> 'x' AND at IS NOT NULL;
CREATE INDEX ON t (name COLLATE "C" text_pattern_ops DESC);
CREATE INDEX ON t (date_part('year', at AT TIME ZONE 'UTC'));
CREATE INDEX t_inc ON t (id) INCLUDE (name, kind) WITH (fillfactor = 50, deduplicate_items = off);
