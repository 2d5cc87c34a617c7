CREATE TYPE pair AS (a address, b numeric(10, 2)[]);
CREATE FUNCTION swap(pair) RETURNS pair LANGUAGE sql AS 'SELECT $1';
