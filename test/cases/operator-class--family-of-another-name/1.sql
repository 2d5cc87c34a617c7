CREATE SCHEMA families;
CREATE OPERATOR FAMILY families."All of them" USING hash;
CREATE OPERATOR CLASS int2_my_ops FOR TYPE int2 USING hash FAMILY families."All of them" AS OPERATOR 1 =, FUNCTION 1 hashint2(int2);
CREATE OPERATOR CLASS int4_my_ops FOR TYPE int4 USING hash FAMILY families."All of them" AS OPERATOR 1 =, FUNCTION 1 hashint4(int4), FUNCTION 2 hashint4extended(int4, int8);
