CREATE TABLE target (id int PRIMARY KEY);
CREATE TABLE parted_target (id int, kind int, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
CREATE TABLE parted_target_1 PARTITION OF parted_target FOR VALUES IN (1);
CREATE TABLE source (id int, kind int, target int REFERENCES target ON DELETE CASCADE, CONSTRAINT to_parted FOREIGN KEY (id, kind) REFERENCES parted_target DEFERRABLE) PARTITION BY LIST (kind);
CREATE TABLE source_1 PARTITION OF source FOR VALUES IN (1);
CREATE TABLE plain (id int, kind int, FOREIGN KEY (id, kind) REFERENCES parted_target ON UPDATE CASCADE);
CREATE TABLE source_2 (id int, kind int, target int CONSTRAINT own_name REFERENCES target ON DELETE CASCADE);
