CREATE TYPE state AS ENUM ('new', 'old');
CREATE TYPE gone AS ENUM ();
CREATE TABLE t (s state NOT NULL DEFAULT 'new');
INSERT INTO t VALUES ('old');
