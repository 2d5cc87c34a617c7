ALTER TYPE address ADD ATTRIBUTE "No." int CASCADE;
ALTER TYPE address DROP ATTRIBUTE zip CASCADE;
ALTER TYPE address RENAME ATTRIBUTE street TO "Street";
ALTER TYPE address ADD ATTRIBUTE city text COLLATE "C";
ALTER TYPE address OWNER TO case_owner;
COMMENT ON TYPE address IS 'where';
COMMENT ON COLUMN address."No." IS 'a number';
