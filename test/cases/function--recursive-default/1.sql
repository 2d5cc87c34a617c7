CREATE SEQUENCE ids;
CREATE FUNCTION base() RETURNS int LANGUAGE sql AS 'SELECT 40';
CREATE FUNCTION label_of(id bigint DEFAULT nextval('ids'), plus int DEFAULT base()) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
CREATE VIEW labels AS SELECT label_of(1) AS l;
