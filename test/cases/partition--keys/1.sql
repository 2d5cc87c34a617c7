CREATE TABLE p (id int NOT NULL, kind int NOT NULL, code text, during int4range) PARTITION BY LIST (kind);
CREATE TABLE p1 (id int NOT NULL, kind int NOT NULL, code text, during int4range);
ALTER TABLE p1 ADD CONSTRAINT p1_own_pk PRIMARY KEY (id, kind);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
ALTER TABLE p ADD CONSTRAINT p_pk PRIMARY KEY (id, kind);
