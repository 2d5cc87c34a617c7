CREATE OR REPLACE FUNCTION add_one(state int, x int) RETURNS int LANGUAGE sql RETURN CASE WHEN x < 100 THEN state + x ELSE grand_total() END;
GRANT EXECUTE ON FUNCTION total(int) TO case_reader;
