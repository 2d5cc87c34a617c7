CREATE FUNCTION f(int, x int, int) RETURNS int LANGUAGE sql RETURN $1 + x - $3;
