CREATE TABLE people (name ext.citext PRIMARY KEY, other ext.citext[] DEFAULT '{a}');
INSERT INTO people VALUES ('Ada');
CREATE INDEX ON people USING gin ((name::text) gin_trgm_ops);
CREATE EXTENSION hstore;
