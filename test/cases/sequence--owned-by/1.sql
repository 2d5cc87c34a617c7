CREATE TABLE t (id serial, small smallserial, big bigserial PRIMARY KEY, x int);
CREATE SEQUENCE extra OWNED BY t.x;
CREATE SEQUENCE free OWNED BY t.x;
INSERT INTO t (x) VALUES (1), (2), (3);
DELETE FROM t WHERE x = 2;
