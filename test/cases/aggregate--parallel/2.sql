CREATE AGGREGATE largest(int4) (SFUNC = int4larger, STYPE = int4, COMBINEFUNC = int4larger, SORTOP = >, PARALLEL = SAFE);
CREATE AGGREGATE smallest(text) (SFUNC = text_smaller, STYPE = text, SORTOP = OPERATOR(pg_catalog.<));
