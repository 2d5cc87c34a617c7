CREATE TYPE address AS (street text, zip varchar(10));
CREATE TABLE people (id int, home address, others address[]);
INSERT INTO people VALUES (1, ROW('a "street", no. 1', NULL), ARRAY[ROW('x', '1')::address]);
CREATE TYPE empty AS ();
