CREATE TABLE t (a text COLLATE "C" NOT NULL, b text, c jsonb, d numeric(8, 3), e varchar(3)[], f timestamp(3) with time zone, g interval day to second(2), h bit(3), i bit varying(9), j "char", k char(5), l int4range, m time(0));
INSERT INTO t VALUES ('a', 'b', '{"q?": [1]}', 1.5, '{a,NULL}', '2020-01-01 00:00:00.123+02', '1 02:03:04.56', B'101', B'1', 'x', 'y', '[1,5)', '10:00');
