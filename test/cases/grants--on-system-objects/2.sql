REVOKE SELECT ON pg_catalog.pg_shadow FROM case_writer;
