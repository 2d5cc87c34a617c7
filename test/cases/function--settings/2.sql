ALTER FUNCTION b() SET search_path = "$user", public;
ALTER FUNCTION c() RESET work_mem;
ALTER FUNCTION d() SET temp_tablespaces = '';
CREATE PROCEDURE e() LANGUAGE plpgsql SET local_preload_libraries = 'a b', c AS 'BEGIN END';
