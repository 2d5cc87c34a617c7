CREATE SCHEMA s;
CREATE TABLE s.t (a int, b int);
CREATE INDEX t_a ON s.t (a);
