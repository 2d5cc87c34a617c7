CREATE TYPE moods AS RANGE (SUBTYPE = "Mood");
CREATE DOMAIN good AS "Mood" CHECK (VALUE IN ('a,b', 'ünï'));
CREATE TYPE both_of AS (m "Mood", g good[]);
CREATE FUNCTION f(m "Mood" DEFAULT 'ünï') RETURNS both_of LANGUAGE sql RETURN ROW(m, NULL)::both_of;
CREATE INDEX ON t (m) WHERE m > 'a,b';
