CREATE DOMAIN positive AS numeric(10, 2) CHECK (VALUE > 0);
CREATE DOMAIN small AS positive CHECK (VALUE < 100);
CREATE DOMAIN many AS small[] CHECK (cardinality(VALUE) < 5);
CREATE TYPE c AS (a small, b many);
CREATE DOMAIN whole AS c CHECK ((VALUE).a > 1);
CREATE TABLE t (a many DEFAULT '{1,2}', w whole);
