CREATE SEQUENCE shared;
CREATE TABLE a (id int DEFAULT nextval('shared') PRIMARY KEY, other serial);
CREATE TABLE b (id int DEFAULT nextval('shared'::regclass), late int DEFAULT nextval('shared'::text));
INSERT INTO a DEFAULT VALUES;
INSERT INTO b DEFAULT VALUES;
