CREATE TABLE t (id int, name text, at timestamptz DEFAULT '2024-01-01');
INSERT INTO t (id, name) VALUES (1, 'a'), (2, 'b');
CREATE MATERIALIZED VIEW full_one WITH (fillfactor = 80, autovacuum_enabled = off, toast.autovacuum_enabled = off) AS SELECT id, name, at FROM t;
CREATE MATERIALIZED VIEW empty_one AS SELECT count(*) AS n FROM t WITH NO DATA;
CREATE MATERIALIZED VIEW of_view AS SELECT id, upper(name) COLLATE "C" AS loud FROM full_one;
CREATE UNIQUE INDEX full_one_id ON full_one (id) INCLUDE (name);
CREATE INDEX of_view_loud ON of_view (loud, (id % 2));
