CREATE TABLE rooms (name text, now celsius, week celsius[], wanted celsius DEFAULT '21');
INSERT INTO rooms VALUES ('hall', '17', '{16,17}');
