ALTER TABLE session SET UNLOGGED;
ALTER TABLE became_logged SET LOGGED;
INSERT INTO session (token) VALUES ('a'), ('b');
