CREATE TABLE hot (id int, body text) WITH (fillfactor = 70, autovacuum_enabled = off, toast.autovacuum_enabled = off, parallel_workers = 3);
CREATE TABLE plain (id int, body text);
