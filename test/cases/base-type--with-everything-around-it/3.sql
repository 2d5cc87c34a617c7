CREATE DOMAIN positive AS num CHECK (VALUE > '0');
CREATE TABLE readings (
  id num PRIMARY KEY, n num NOT NULL CHECK (n <> '3'), p positive, r public.numrange, many num[],
  twice int GENERATED ALWAYS AS (n::int * 2) STORED
) PARTITION BY HASH (id);
CREATE TABLE readings_0 PARTITION OF readings FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE readings_1 PARTITION OF readings FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE INDEX ON readings (n, p DESC);
INSERT INTO readings VALUES ('1', '2', '5', '[1,3)', '{4,5}');
CREATE VIEW sorted AS SELECT DISTINCT n, max(p) OVER () AS top FROM readings ORDER BY n;
