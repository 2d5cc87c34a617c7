CREATE TYPE span;
CREATE FUNCTION span_canonical(span) RETURNS span LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE FUNCTION span_diff(int, int) RETURNS float8 LANGUAGE internal IMMUTABLE STRICT AS 'int4range_subdiff';
CREATE TYPE span AS RANGE (SUBTYPE = int4, CANONICAL = span_canonical, SUBTYPE_DIFF = span_diff, MULTIRANGE_TYPE_NAME = spans);
