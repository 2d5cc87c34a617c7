ALTER TABLE t SET (autovacuum_vacuum_scale_factor = 0.1, toast.autovacuum_vacuum_threshold = 10);
ALTER TABLE t RESET (fillfactor);
ALTER TABLE u SET LOGGED;
CREATE UNLOGGED TABLE w (a int);
COMMENT ON TABLE "Odd "".,;\ name" IS E'a\nb\r\nc\t? $$ \\';
COMMENT ON COLUMN "Odd "".,;\ name"."?" IS 'what?';
