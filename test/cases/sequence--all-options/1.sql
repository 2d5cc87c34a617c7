CREATE SEQUENCE plain;
CREATE SEQUENCE small AS smallint INCREMENT 5 MINVALUE -10 MAXVALUE 1000 START 3 CACHE 4 CYCLE;
CREATE SEQUENCE downwards INCREMENT -2;
CREATE SEQUENCE ints AS int START 100;
CREATE SEQUENCE called;
CREATE SEQUENCE set_before;
SELECT nextval('called'), nextval('called');
SELECT setval('set_before', 50, false);
SELECT setval('small', 13);
