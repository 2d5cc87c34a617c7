CREATE TYPE address AS (street text, city text COLLATE "C", zip varchar(10));
CREATE TABLE home OF address;
CREATE TABLE office OF address (
  city WITH OPTIONS NOT NULL DEFAULT 'Berlin',
  zip WITH OPTIONS UNIQUE,
  CONSTRAINT office_zip_is_long CHECK (length(zip) > 3),
  PRIMARY KEY (street)
);
CREATE TABLE was_typed OF address;
CREATE TABLE became_typed (street text, city text COLLATE "C", zip varchar(10));
