CREATE FUNCTION f(int, x int, note text DEFAULT '""') RETURNS text LANGUAGE sql
  RETURN $1 + x || '"" and ''""''' || $1::text || note;
CREATE TYPE pair AS (a int, """" int);
CREATE FUNCTION g(pair, y int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT ($1).a + ($1).""""  + y; END;
