INSERT INTO jars VALUES ('jam', '{a;b,c}');
ALTER TYPE label SET (STORAGE = main, ANALYZE = NONE);
CREATE FUNCTION label_send(label) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'varcharsend';
ALTER TYPE label SET (SEND = label_send);
