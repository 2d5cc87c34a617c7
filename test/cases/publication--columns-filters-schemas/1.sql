CREATE SCHEMA s;
CREATE TABLE s.in_schema (id int);
CREATE TABLE a (id int PRIMARY KEY, name text, "Odd col" int, kind text);
CREATE PUBLICATION filtered FOR TABLE a (id, "Odd col") WHERE (id > 10 AND name IS NOT NULL), s.in_schema;
CREATE PUBLICATION by_schema FOR TABLES IN SCHEMA s, CURRENT_SCHEMA;
CREATE PUBLICATION mixed FOR TABLE a WHERE (kind IN ('a', 'b')), TABLES IN SCHEMA s;
