CREATE EXTENSION btree_gist;
CREATE TABLE p (id int, during daterange, PRIMARY KEY (id, during WITHOUT OVERLAPS));
CREATE TABLE c (id int, during daterange, UNIQUE (id, during WITHOUT OVERLAPS), FOREIGN KEY (id, PERIOD during) REFERENCES p (id, PERIOD during));
CREATE TABLE q (id int PRIMARY KEY, n int CHECK (n > 0) NOT ENFORCED);
CREATE TABLE r (id int REFERENCES q NOT ENFORCED);
INSERT INTO r VALUES (7);
