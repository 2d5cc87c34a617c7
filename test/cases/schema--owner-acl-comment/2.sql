ALTER SCHEMA "App Schema" OWNER TO case_owner;
GRANT USAGE ON SCHEMA "App Schema" TO case_reader;
GRANT CREATE, USAGE ON SCHEMA "App Schema" TO "Case ""odd"" role" WITH GRANT OPTION;
DROP SCHEMA gone;
CREATE SCHEMA second;
