ALTER TYPE kept OWNER TO case_owner;
ALTER FUNCTION kept_in(cstring) OWNER TO case_owner;
REVOKE USAGE ON TYPE kept FROM PUBLIC;
GRANT USAGE ON TYPE kept TO case_reader WITH GRANT OPTION;
REVOKE EXECUTE ON FUNCTION kept_out(kept) FROM PUBLIC;
COMMENT ON TYPE kept IS 'it''s kept?';
COMMENT ON FUNCTION kept_in(cstring) IS E'reads\\it';
