CREATE TABLE t (id int PRIMARY KEY, name text COLLATE "C", kind int DEFAULT 1);
CREATE VIEW plain AS SELECT * FROM t;
CREATE VIEW barred WITH (security_barrier) AS SELECT id, name FROM t WHERE kind = 1;
CREATE VIEW checked AS SELECT * FROM t WHERE kind > 0 WITH CHECK OPTION;
CREATE VIEW checked_here AS SELECT * FROM checked WHERE id > 0 WITH LOCAL CHECK OPTION;
CREATE VIEW renamed ("First col", second) AS SELECT id, name FROM t;
CREATE RECURSIVE VIEW counted (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counted WHERE n < 5;
CREATE VIEW grouped AS SELECT t.id, t.name, count(*) AS many FROM t GROUP BY t.id;
