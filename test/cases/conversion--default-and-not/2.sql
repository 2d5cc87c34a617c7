CREATE SCHEMA s;
DROP CONVERSION gone;
ALTER CONVERSION mine RENAME TO "Mine, too";
ALTER CONVERSION "Mine, too" SET SCHEMA s;
ALTER CONVERSION mine_back OWNER TO case_owner;
COMMENT ON CONVERSION mine_back IS 'back?';
CREATE FUNCTION convert_it(int, int, cstring, internal, int, boolean) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'utf8_to_iso8859_1';
