ALTER TYPE text_range RENAME TO "Text Range";
ALTER TYPE "Text Range" OWNER TO case_owner;
COMMENT ON TYPE float_range IS 'of floats';
GRANT USAGE ON TYPE float_range TO case_reader;
REVOKE USAGE ON TYPE float_range FROM PUBLIC;
CREATE INDEX ON t USING gist (a);
