CREATE TYPE celsius;
CREATE FUNCTION celsius_in(cstring) RETURNS celsius LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION celsius_out(celsius) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE FUNCTION celsius_recv(internal) RETURNS celsius LANGUAGE internal IMMUTABLE STRICT AS 'int4recv';
CREATE FUNCTION celsius_send(celsius) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'int4send';
CREATE TYPE celsius (
  INPUT = celsius_in, OUTPUT = celsius_out, RECEIVE = celsius_recv, SEND = celsius_send,
  INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4, CATEGORY = 'N', PREFERRED = true, DEFAULT = '20'
);
