CREATE SCHEMA s;
CREATE SEQUENCE s.ids START 100;
CREATE TABLE a (id bigint DEFAULT nextval('s.ids') PRIMARY KEY);
CREATE TABLE b (id bigint DEFAULT nextval('s.ids'), x text DEFAULT currval('s.ids')::text);
INSERT INTO a DEFAULT VALUES;
ALTER TABLE a SET SCHEMA s;
