COMMENT ON PROCEDURE p(IN int, OUT text) IS 'with a result';
COMMENT ON PROCEDURE q(OUT int) IS 'gives one';
COMMENT ON PROCEDURE q(IN int) IS 'takes one';
ALTER PROCEDURE q(OUT int) OWNER TO case_owner;
REVOKE EXECUTE ON PROCEDURE q(IN int) FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE q(OUT int) TO case_reader;
ALTER PROCEDURE q(text, int, int[]) SET search_path = public;
CREATE PROCEDURE "Quoted ?"() LANGUAGE sql AS $$ SELECT '?' $$;
