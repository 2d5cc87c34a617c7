ALTER OPERATOR FAMILY families."All of them" USING hash ADD OPERATOR 1 =(int2, int4), OPERATOR 1 =(int4, int2);
ALTER OPERATOR FAMILY families."All of them" USING hash ADD FUNCTION 2 (int2, int2) hashint2extended(int2, int8);
ALTER OPERATOR FAMILY families."All of them" USING hash DROP OPERATOR 1 (int4, int2);
