CREATE TABLE t (b box);
CREATE INDEX ON t USING gist (b my_box_ops);
INSERT INTO t VALUES ('(1,1),(0,0)');
