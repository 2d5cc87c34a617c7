CREATE COLLATION german (PROVIDER = icu, LOCALE = 'de-u-co-phonebk');
CREATE COLLATION "any case" (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);
CREATE TABLE people (name text COLLATE "any case" PRIMARY KEY, city text COLLATE german);
INSERT INTO people VALUES ('Ann', 'Ulm');
