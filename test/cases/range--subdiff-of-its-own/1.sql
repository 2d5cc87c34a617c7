CREATE FUNCTION time_diff(a time, b time) RETURNS float8 LANGUAGE sql STRICT IMMUTABLE AS 'SELECT EXTRACT(EPOCH FROM (a - b))';
CREATE TYPE times AS RANGE (subtype = time, subtype_diff = time_diff);
CREATE FUNCTION span(times) RETURNS interval LANGUAGE sql AS 'SELECT upper($1) - lower($1)';
CREATE TABLE t (open times, EXCLUDE USING gist (open WITH &&));
