ALTER TABLE sale RENAME CONSTRAINT sale_price TO "Priced";
