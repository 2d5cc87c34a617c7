CREATE TABLE t (a text COLLATE "C", b varchar(10) COLLATE "POSIX", c text[] COLLATE "C", d text);
CREATE INDEX t_d ON t (d COLLATE "C", a COLLATE "POSIX" text_pattern_ops);
