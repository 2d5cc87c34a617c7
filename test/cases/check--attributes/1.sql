CREATE TABLE t (a int CHECK (a > 0), b int, c text, CONSTRAINT two CHECK (a < b) NO INHERIT, CONSTRAINT "q?" CHECK (c ~ '^\d+\?$' AND c <> E'\\'));
INSERT INTO t VALUES (1, 2, '1?'), (3, 9, '22?');
ALTER TABLE t ADD CONSTRAINT old CHECK (b > 5) NOT VALID;
ALTER TABLE t ADD CONSTRAINT later CHECK (a <> 7) NOT VALID;
