ALTER SCHEMA second RENAME TO "select";
REVOKE CREATE ON SCHEMA "App Schema" FROM case_owner;
CREATE TABLE "select"."table" ("order" int);
