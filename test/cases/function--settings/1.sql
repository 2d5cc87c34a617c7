CREATE SCHEMA "My schema";
CREATE FUNCTION a() RETURNS int LANGUAGE sql SET search_path = public, "My schema", pg_temp AS 'SELECT 1';
CREATE FUNCTION b() RETURNS int LANGUAGE sql SET search_path = '' AS 'SELECT 1';
CREATE FUNCTION c() RETURNS int LANGUAGE sql SET work_mem = '8MB' SET "my.setting" = 'it''s' SET DateStyle = 'ISO, DMY' SET statement_timeout TO 1000 AS 'SELECT 1';
CREATE FUNCTION d() RETURNS int LANGUAGE sql SET search_path FROM CURRENT AS 'SELECT 1';
