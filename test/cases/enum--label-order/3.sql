ALTER TYPE mood RENAME VALUE 'sad' TO 'it''s sad';
CREATE TABLE people (m mood DEFAULT 'so-so', ms mood[]);
INSERT INTO people VALUES ('glad', '{so-so,glad}');
