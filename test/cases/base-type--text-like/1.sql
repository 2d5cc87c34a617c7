CREATE TYPE label;
CREATE FUNCTION label_in(cstring, oid, int4) RETURNS label LANGUAGE internal IMMUTABLE STRICT AS 'varcharin';
CREATE FUNCTION label_out(label) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varcharout';
CREATE FUNCTION label_typmod_in(cstring[]) RETURNS int4 LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodin';
CREATE FUNCTION label_typmod_out(int4) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodout';
CREATE FUNCTION label_analyze(internal) RETURNS bool LANGUAGE internal STRICT AS 'array_typanalyze';
CREATE TYPE label (
  INPUT = label_in, OUTPUT = label_out, TYPMOD_IN = label_typmod_in, TYPMOD_OUT = label_typmod_out,
  ANALYZE = label_analyze, INTERNALLENGTH = VARIABLE, STORAGE = extended, CATEGORY = 'S', DELIMITER = ';',
  COLLATABLE = true, DEFAULT = ''
);
CREATE TABLE jars (l label(5) COLLATE "C", many label[], d label);
