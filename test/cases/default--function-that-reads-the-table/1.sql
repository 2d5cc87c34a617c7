CREATE TABLE t (id int, parent int);
CREATE FUNCTION root(t) RETURNS int LANGUAGE sql AS 'SELECT coalesce($1.parent, $1.id)';
CREATE FUNCTION last_id() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(id) FROM t; END;
ALTER TABLE t ALTER parent SET DEFAULT last_id();
INSERT INTO t (id) VALUES (1);
INSERT INTO t (id) VALUES (2);
