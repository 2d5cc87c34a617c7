CREATE TYPE spot;
CREATE FUNCTION spot_in(cstring) RETURNS spot LANGUAGE internal IMMUTABLE STRICT AS 'point_in';
CREATE FUNCTION spot_out(spot) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out';
CREATE TYPE spot (INPUT = spot_in, OUTPUT = spot_out, INTERNALLENGTH = 16, ALIGNMENT = double, ELEMENT = float8);
CREATE TYPE document;
CREATE FUNCTION document_in(cstring) RETURNS document LANGUAGE internal IMMUTABLE STRICT AS 'jsonb_in';
CREATE FUNCTION document_out(document) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'jsonb_out';
CREATE FUNCTION document_subscript(internal) RETURNS internal LANGUAGE internal IMMUTABLE STRICT AS 'jsonb_subscript_handler';
CREATE TYPE document (INPUT = document_in, OUTPUT = document_out, STORAGE = external, SUBSCRIPT = document_subscript);
