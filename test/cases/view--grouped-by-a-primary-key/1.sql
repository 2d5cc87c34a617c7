CREATE TABLE t (id int PRIMARY KEY, name text);
CREATE TABLE u (t_id int REFERENCES t);
CREATE VIEW v AS SELECT t.id, t.name, count(*) FROM t JOIN u ON u.t_id = t.id GROUP BY t.id;
CREATE VIEW w AS SELECT id, name FROM t GROUP BY id;
INSERT INTO t VALUES (1, 'x');
