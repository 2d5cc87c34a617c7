SET ROLE case_owner;
GRANT SELECT ON t TO case_reader;
RESET ROLE;
