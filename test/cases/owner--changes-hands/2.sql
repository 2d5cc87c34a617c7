ALTER TABLE t OWNER TO case_owner;
ALTER TYPE e OWNER TO case_owner;
ALTER DOMAIN d OWNER TO "Case ""odd"" role";
ALTER TYPE r OWNER TO case_owner;
ALTER VIEW v OWNER TO case_writer;
ALTER FUNCTION f OWNER TO case_reader;
GRANT SELECT ON t TO case_writer;
