ALTER TABLE item ALTER COLUMN was_generated DROP EXPRESSION;
ALTER TABLE item DROP COLUMN total;
ALTER TABLE item ADD COLUMN total numeric GENERATED ALWAYS AS (price * quantity * 2) STORED;
COMMENT ON COLUMN item.loud IS 'shouted';
