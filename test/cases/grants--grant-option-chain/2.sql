SET ROLE case_owner;
GRANT SELECT ON t TO case_reader;
GRANT INSERT (a) ON t TO case_writer;
RESET ROLE;
