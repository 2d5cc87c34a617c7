SET LOCAL session_replication_role = replica;
INSERT INTO s VALUES (5);
