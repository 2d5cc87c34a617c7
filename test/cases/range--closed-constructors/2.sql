GRANT EXECUTE ON FUNCTION span(text, text) TO case_reader;
GRANT EXECUTE ON FUNCTION "Open"(date, date), "Open"(date, date, text) TO PUBLIC;
GRANT EXECUTE ON FUNCTION "Open_multirange"() TO PUBLIC;
COMMENT ON FUNCTION span(text, text, text) IS 'with bounds?';
