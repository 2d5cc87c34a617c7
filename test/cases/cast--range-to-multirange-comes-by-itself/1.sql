CREATE TYPE span AS RANGE (SUBTYPE = text);
CREATE FUNCTION span_of(text) RETURNS span LANGUAGE sql IMMUTABLE AS $$ SELECT span($1, $1, '[]') $$;
CREATE CAST (text AS span) WITH FUNCTION span_of(text);
