CREATE TYPE inner_type AS (a int, b text COLLATE "C");
CREATE TYPE outer_type AS (x inner_type, xs inner_type[], "Odd name" numeric(5, 2), t timestamptz(3));
CREATE TYPE empty_type AS ();
CREATE TABLE t (o outer_type, os outer_type[]);
