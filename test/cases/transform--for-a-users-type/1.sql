CREATE TYPE pair AS (a int, b int);
CREATE FUNCTION pair_from_sql(internal) RETURNS internal LANGUAGE internal STRICT IMMUTABLE AS 'prsd_lextype';
CREATE FUNCTION pair_to_sql(internal) RETURNS pair LANGUAGE internal STRICT IMMUTABLE AS 'record_recv';
CREATE LANGUAGE my_language HANDLER plpgsql_call_handler;
