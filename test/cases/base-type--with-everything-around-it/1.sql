CREATE TYPE num;
CREATE FUNCTION num_in(cstring) RETURNS num LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION num_out(num) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE num (INPUT = num_in, OUTPUT = num_out, LIKE = int4);
CREATE FUNCTION num_lt(num, num) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4lt';
CREATE FUNCTION num_le(num, num) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4le';
CREATE FUNCTION num_eq(num, num) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE FUNCTION num_ne(num, num) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4ne';
CREATE FUNCTION num_ge(num, num) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4ge';
CREATE FUNCTION num_gt(num, num) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4gt';
CREATE FUNCTION num_cmp(num, num) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
CREATE FUNCTION num_hash(num) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'hashint4';
CREATE FUNCTION num_hash_extended(num, int8) RETURNS int8 LANGUAGE internal IMMUTABLE STRICT AS 'hashint4extended';
CREATE OPERATOR < (FUNCTION = num_lt, LEFTARG = num, RIGHTARG = num, COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
CREATE OPERATOR <= (FUNCTION = num_le, LEFTARG = num, RIGHTARG = num, COMMUTATOR = >=, NEGATOR = >);
CREATE OPERATOR = (FUNCTION = num_eq, LEFTARG = num, RIGHTARG = num, COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR <> (FUNCTION = num_ne, LEFTARG = num, RIGHTARG = num, COMMUTATOR = <>, NEGATOR = =);
CREATE OPERATOR >= (FUNCTION = num_ge, LEFTARG = num, RIGHTARG = num, COMMUTATOR = <=, NEGATOR = <);
CREATE OPERATOR > (FUNCTION = num_gt, LEFTARG = num, RIGHTARG = num, COMMUTATOR = <, NEGATOR = <=);
CREATE OPERATOR CLASS num_ops DEFAULT FOR TYPE num USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 num_cmp(num, num);
CREATE OPERATOR CLASS num_hash_ops DEFAULT FOR TYPE num USING hash AS
  OPERATOR 1 =, FUNCTION 1 num_hash(num), FUNCTION 2 num_hash_extended(num, int8);
