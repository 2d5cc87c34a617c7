CREATE TABLE p (id int, kind text, at date) PARTITION BY LIST (kind);
CREATE TABLE pa PARTITION OF p FOR VALUES IN ('a');
CREATE TABLE pb PARTITION OF p FOR VALUES IN ('b') PARTITION BY RANGE (at);
CREATE TABLE pb1 PARTITION OF pb FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX pa_own_at ON pa (at);
CREATE INDEX p_at ON p (at);
CREATE UNIQUE INDEX p_once ON p (id, kind, at);
CREATE INDEX p_expr ON p (lower(kind), (id + 1)) WHERE id > 0;
