CREATE TABLE t (id int, body text, tags text[], doc jsonb, place point, at timestamptz, r int4range, tsv tsvector);
CREATE INDEX t_gin ON t USING gin (tags) WITH (fastupdate = off, gin_pending_list_limit = 128);
CREATE INDEX t_json ON t USING gin (doc jsonb_path_ops);
CREATE INDEX t_gist ON t USING gist (place, r) WITH (buffering = on, fillfactor = 80);
CREATE INDEX t_spgist ON t USING spgist (place kd_point_ops);
CREATE INDEX t_brin ON t USING brin (at, id int4_minmax_multi_ops (values_per_range = 16)) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX t_bloomy ON t USING brin (body text_bloom_ops (n_distinct_per_range = 100, false_positive_rate = 0.05));
CREATE INDEX t_hash ON t USING hash (id) WITH (fillfactor = 60);
CREATE INDEX t_tsv ON t USING gist (tsv tsvector_ops (siglen = 100));
