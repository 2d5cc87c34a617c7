CREATE FUNCTION shout(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT upper($1)';
CREATE TABLE item (
  price numeric(10,2) NOT NULL,
  quantity int NOT NULL DEFAULT 1,
  total numeric(12,2) GENERATED ALWAYS AS (price * quantity) STORED,
  name text,
  loud text COLLATE "C" GENERATED ALWAYS AS (shout(name)) STORED CHECK (loud <> '')
);
INSERT INTO item (price, quantity, name) VALUES (2.5, 4, 'nut');
