CREATE SEQUENCE ids;
CREATE TABLE p (id bigint NOT NULL DEFAULT nextval('ids'), kind int) PARTITION BY LIST (kind);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE p_serial (id serial, kind int) PARTITION BY LIST (kind);
CREATE TABLE p_serial_1 PARTITION OF p_serial FOR VALUES IN (1);
INSERT INTO p (kind) VALUES (1), (1);
