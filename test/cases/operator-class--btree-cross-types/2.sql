ALTER OPERATOR FAMILY my_integers USING btree ADD
  OPERATOR 1 <(int4, int8), OPERATOR 2 <=(int4, int8), OPERATOR 3 =(int4, int8), OPERATOR 4 >=(int4, int8), OPERATOR 5 >(int4, int8),
  FUNCTION 1 (int4, int8) btint48cmp(int4, int8),
  FUNCTION 3 (int4, int4) in_range(int4, int4, int4, boolean, boolean),
  FUNCTION 3 (int4, int8) in_range(int4, int4, int8, boolean, boolean),
  OPERATOR 1 <(int8, int8), OPERATOR 2 <=(int8, int8), OPERATOR 3 =(int8, int8), OPERATOR 4 >=(int8, int8), OPERATOR 5 >(int8, int8),
  FUNCTION 1 (int8, int8) btint8cmp(int8, int8);
