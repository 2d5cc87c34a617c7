CREATE TABLE t (a text COLLATE ruled);
