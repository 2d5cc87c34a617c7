ALTER POLICY reads ON doc RENAME TO "Reads it";
ALTER POLICY updates ON doc TO case_owner;
ALTER POLICY inserts ON doc WITH CHECK (tenant < 100);
COMMENT ON POLICY "Reads it" ON doc IS 'who reads';
ALTER TABLE member RENAME TO members;
ALTER TABLE doc RENAME COLUMN owner TO held_by;
DROP POLICY everything ON doc;
CREATE FUNCTION allowed(doc) RETURNS bool STABLE LANGUAGE sql AS 'SELECT $1.tenant = 1';
CREATE POLICY by_function ON doc USING (allowed(doc));
