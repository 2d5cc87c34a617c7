CREATE SCHEMA s;
ALTER COLLATION german SET SCHEMA s;
CREATE COLLATION german FROM "fr-x-icu";
CREATE VIEW v AS SELECT name COLLATE s.german AS name, city COLLATE german AS city FROM people;
