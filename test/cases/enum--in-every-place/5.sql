CREATE VIEW v AS SELECT * FROM t WHERE m = 'between';
