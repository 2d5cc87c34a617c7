CREATE TABLE a (id int PRIMARY KEY, at timestamptz, name text);
CREATE INDEX a_at_idx ON a (at);
ALTER TABLE a CLUSTER ON a_at_idx;
CREATE TABLE b (id int PRIMARY KEY);
ALTER TABLE b CLUSTER ON b_pkey;
CREATE TABLE c (id int PRIMARY KEY);
CLUSTER c USING c_pkey;
