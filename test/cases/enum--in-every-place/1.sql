CREATE TYPE "Mood" AS ENUM ('a,b', 'it''s', E'back\\slash', 'ünï', '');
CREATE TYPE nothing AS ENUM ();
CREATE TABLE t (m "Mood" DEFAULT 'it''s' CHECK (m <> E'back\\slash'), ms "Mood"[] DEFAULT '{"a,b",it''s}');
INSERT INTO t VALUES (DEFAULT, DEFAULT), ('', NULL);
