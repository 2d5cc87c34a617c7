CREATE EXTENSION btree_gist;
CREATE TABLE price (item int, valid daterange, PRIMARY KEY (item, valid WITHOUT OVERLAPS));
CREATE TABLE sale (item int, at daterange, CONSTRAINT sale_price FOREIGN KEY (item, PERIOD at) REFERENCES price (item, PERIOD valid), UNIQUE (item, at WITHOUT OVERLAPS) DEFERRABLE);
INSERT INTO price VALUES (1, '[2024-01-01,2025-01-01)');
