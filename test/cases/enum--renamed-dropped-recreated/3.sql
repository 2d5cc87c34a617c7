CREATE TYPE gone AS ENUM ('back', 'Back', 'ba''ck');
ALTER TYPE gone OWNER TO case_owner;
GRANT USAGE ON TYPE gone TO case_reader;
REVOKE USAGE ON TYPE gone FROM PUBLIC;
COMMENT ON TYPE gone IS 'is it back?';
CREATE TYPE nothing AS ENUM ();
INSERT INTO t VALUES (E'tab\tand \\ backslash');
