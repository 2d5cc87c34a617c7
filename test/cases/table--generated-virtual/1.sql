CREATE TABLE item (
  price numeric NOT NULL,
  quantity int NOT NULL DEFAULT 1,
  total numeric GENERATED ALWAYS AS (price * quantity) VIRTUAL,
  twice numeric GENERATED ALWAYS AS (price * 2)
);
INSERT INTO item (price) VALUES (3);
