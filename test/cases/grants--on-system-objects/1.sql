REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO case_reader;
GRANT SELECT ON pg_catalog.pg_authid TO case_reader;
REVOKE USAGE ON LANGUAGE sql FROM PUBLIC;
GRANT UPDATE (setting) ON pg_catalog.pg_settings TO case_writer;
GRANT SELECT ON pg_catalog.pg_shadow TO case_writer;
