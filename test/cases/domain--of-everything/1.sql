CREATE DOMAIN a AS int[] CHECK (cardinality(VALUE) < 4);
CREATE TYPE pair AS (x int, y int);
CREATE DOMAIN b AS pair CHECK ((VALUE).x < (VALUE).y);
CREATE DOMAIN c AS int4range DEFAULT '[1,2)' NOT NULL;
CREATE DOMAIN d AS varchar(5) COLLATE "C" DEFAULT 'it''s' CONSTRAINT "short?" CHECK (length(VALUE) > 1) CHECK (VALUE ~ '^\w+');
CREATE DOMAIN e AS d CHECK (VALUE <> 'no');
CREATE TABLE t (a a, b b, c c, d d, e e[]);
