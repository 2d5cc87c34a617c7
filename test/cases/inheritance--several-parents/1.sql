CREATE TABLE named (id int NOT NULL, name text DEFAULT 'none' CHECK (name <> ''));
CREATE TABLE dated (at date DEFAULT '2024-01-01', id int NOT NULL);
CREATE TABLE event (place text) INHERITS (named, dated);
CREATE TABLE plain_event () INHERITS (named, dated);
CREATE TABLE local_event (name text DEFAULT 'own' NOT NULL, place text, CHECK (place <> name)) INHERITS (named, dated);
INSERT INTO event VALUES (1, 'a', '2024-02-01', 'x');
