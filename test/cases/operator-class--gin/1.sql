CREATE OPERATOR CLASS my_array_ops FOR TYPE anyarray USING gin AS
  OPERATOR 1 &&, OPERATOR 2 @>, OPERATOR 4 =,
  FUNCTION 2 ginarrayextract(anyarray, internal, internal), FUNCTION 3 ginqueryarrayextract(anyarray, internal, smallint, internal, internal, internal, internal),
  FUNCTION 4 ginarrayconsistent(internal, smallint, anyarray, integer, internal, internal, internal, internal),
  STORAGE anyelement;
