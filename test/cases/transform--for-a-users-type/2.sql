CREATE TRANSFORM FOR pair LANGUAGE my_language (FROM SQL WITH FUNCTION pair_from_sql(internal), TO SQL WITH FUNCTION pair_to_sql(internal));
CREATE FUNCTION f(pair) RETURNS int LANGUAGE my_language TRANSFORM FOR TYPE pair AS 'BEGIN RETURN 1; END';
