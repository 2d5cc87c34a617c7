CREATE TABLE genes (id serial PRIMARY KEY, symbol text NOT NULL, score numeric(5, 2) DEFAULT 0.5);
INSERT INTO genes (symbol) VALUES ('PKD1'), ('what?'), ('\\?');
