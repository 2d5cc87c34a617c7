CREATE TABLE t (a int);
CREATE VIEW v WITH (security_invoker = true) AS SELECT * FROM t;
CREATE VIEW w WITH (security_invoker = false, security_barrier = true) AS SELECT * FROM t;
