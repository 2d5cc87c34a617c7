CREATE SCHEMA ops;
ALTER OPERATOR !<<< (grade, grade) SET SCHEMA ops;
CREATE TABLE marks (g grade CHECK (g OPERATOR(ops.!<<<) 'b'), h grade);
CREATE VIEW v AS SELECT g <<< h AS worse FROM marks;
