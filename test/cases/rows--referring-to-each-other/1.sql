CREATE TABLE a (id serial PRIMARY KEY, name text, boss int REFERENCES a);
INSERT INTO a (name, boss) VALUES ('x', 2), ('y', NULL), ('z', 1);
CREATE TABLE b (a_id int NOT NULL REFERENCES a ON DELETE CASCADE, k text, PRIMARY KEY (a_id, k));
INSERT INTO b SELECT id, name FROM a;
DELETE FROM a WHERE name = 'z';
