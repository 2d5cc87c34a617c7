CREATE SCHEMA s;
ALTER TYPE intervals RENAME TO "Some range";
ALTER TYPE intervals_multirange RENAME TO "Many";
ALTER TYPE words SET SCHEMA s;
CREATE FUNCTION f(s.words, "Many") RETURNS "Some range" LANGUAGE sql AS 'SELECT NULL::public."Some range"';
