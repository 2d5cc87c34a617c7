INSERT INTO jars VALUES ('jam', '{a;b,c}');
ALTER TYPE label SET (STORAGE = main, ANALYZE = NONE);
CREATE FUNCTION label_send(label) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'varcharsend';
ALTER TYPE label SET (SEND = label_send);
CREATE TYPE analyzed;
CREATE FUNCTION analyzed_in(cstring) RETURNS analyzed LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION analyzed_out(analyzed) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE analyzed (INPUT = analyzed_in, OUTPUT = analyzed_out, ANALYZE = label_analyze, STORAGE = extended);
