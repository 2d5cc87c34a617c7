CREATE DOMAIN code AS varchar(8) COLLATE "C" DEFAULT 'x?' NOT NULL CHECK (VALUE <> '') CONSTRAINT long CHECK (length(VALUE) < 9);
CREATE DOMAIN plain AS int;
CREATE TABLE t (a code, b code[], c plain);
