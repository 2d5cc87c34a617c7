CREATE VIEW latest AS SELECT name, batch FROM knex_migrations;
CREATE TABLE notes (migration int REFERENCES knex_migrations (id), note text);
CREATE FUNCTION done() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM knex_migrations; END;
