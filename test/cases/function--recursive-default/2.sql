CREATE OR REPLACE FUNCTION label_of(id bigint DEFAULT nextval('ids'), plus int DEFAULT base()) RETURNS text LANGUAGE sql
BEGIN ATOMIC
  SELECT CASE WHEN id = 1 THEN 'one' ELSE (SELECT l FROM labels) || plus END;
END;
