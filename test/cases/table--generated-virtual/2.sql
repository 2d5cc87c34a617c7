ALTER TABLE item ALTER COLUMN twice SET EXPRESSION AS (price * 2 + 1);
ALTER TABLE item ADD COLUMN stored int GENERATED ALWAYS AS (quantity + 1) STORED;
CREATE VIEW totals AS SELECT total, twice FROM item;
