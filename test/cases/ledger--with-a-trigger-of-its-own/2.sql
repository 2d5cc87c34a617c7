CREATE TRIGGER audits AFTER INSERT ON knex_migrations_lock FOR EACH ROW EXECUTE FUNCTION audited();
COMMENT ON TABLE knex_migrations IS 'kept by Knex';
GRANT SELECT ON knex_migrations TO case_reader;
