CREATE TABLE t (s span, ss spans, EXCLUDE USING gist (s WITH &&));
INSERT INTO t VALUES ('[1,3]', '{[1,2],[4,5]}');
COMMENT ON TYPE span IS 'from, to?';
COMMENT ON TYPE spans IS 'several';
ALTER TYPE span OWNER TO case_owner;
REVOKE USAGE ON TYPE span FROM PUBLIC;
