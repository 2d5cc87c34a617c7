ALTER COLLATION plain RENAME TO "C by name";
ALTER COLLATION "Copied" OWNER TO case_owner;
COMMENT ON COLLATION two_ways IS 'sorts by bytes?';
CREATE INDEX ON t (b COLLATE "Copied");
CREATE DOMAIN d AS text COLLATE "C by name";
CREATE TYPE r AS RANGE (SUBTYPE = text, COLLATION = two_ways);
CREATE TYPE c AS (x text COLLATE two_ways);
