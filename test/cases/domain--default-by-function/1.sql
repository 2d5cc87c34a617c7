CREATE SEQUENCE numbers;
CREATE DOMAIN num AS bigint DEFAULT nextval('numbers');
CREATE TABLE t (a num, b text);
INSERT INTO t (b) VALUES ('x'), ('y');
