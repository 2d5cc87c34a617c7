CREATE UNLOGGED TABLE u (a text);
CREATE TABLE t (a text, b int) WITH (fillfactor = 70, autovacuum_enabled = off, toast.autovacuum_enabled = false);
CREATE TABLE "Odd "".,;\ name" ("a b" int, "A" int, "$1" text, "?" int, "${x}" int, "`" text, "ünï 😀" int);
INSERT INTO "Odd "".,;\ name" VALUES (1, 2, '$1 ? ${x} ` \', 4, 5, 'ü😀', 6);
CREATE TABLE none ();
INSERT INTO none DEFAULT VALUES;
INSERT INTO none DEFAULT VALUES;
