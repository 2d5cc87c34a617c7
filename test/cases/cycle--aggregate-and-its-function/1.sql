CREATE FUNCTION add_one(state int, x int) RETURNS int LANGUAGE sql AS 'SELECT state + x';
CREATE AGGREGATE total(int) (SFUNC = add_one, STYPE = int, INITCOND = '0');
CREATE FUNCTION grand_total() RETURNS int LANGUAGE sql RETURN (SELECT total(x) FROM generate_series(1, 3) x);
