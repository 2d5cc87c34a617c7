CREATE TYPE e AS ENUM ('a', 'b''c');
CREATE TYPE c AS (x int, y text);
CREATE DOMAIN d AS boolean;
CREATE TABLE t (id int PRIMARY KEY, i2 smallint, i8 bigint, n numeric, f4 real, f8 double precision, b boolean, x text, ch char(4), vc varchar, ba bytea, ts timestamp, tz timestamptz, da date, ti time, tt timetz, iv interval, js json, jb jsonb, ar int[][], ta text[], u uuid, en e, co c, dom d, rg int4range, mr int4multirange, pt point, pa path, ine inet, mac macaddr, bits bit varying, tsv tsvector, tq tsquery, xm xml, mo money, cls regclass, typ regtype, lsn pg_lsn, jp jsonpath, nm name, o oid);
INSERT INTO t VALUES (1, -32768, 9223372036854775807, 'NaN', 'Infinity', -0.1, true, E'line\nline\r\n\ttab \\ ''q'' "d" ? $1 ${x} `b` \u00fc 😀 \x01', 'ab', '', '\x00ff', '2020-02-29 23:59:59.999999', '2020-01-01 00:00+05:30', 'infinity', '24:00', '12:00:00+05', '1 year -2 mons 3 days 04:05:06.789', '{"a" : 1,  "a": 2}', '{"b": "?\\"}', '{{1,2},{3,NULL}}', ARRAY['a,b', 'NULL', NULL, '"q"', ''], '00000000-0000-0000-0000-000000000001', 'b''c', ROW(1, 'a"b, c'), false, '[1,5)', '{[1,2),[5,6)}', '(1.5,2)', '[(0,0),(1,1)]', '10.0.0.1/8', '08:00:2b:01:02:03', B'101', 'a:1 b:2A', 'a & !b', '<a>?</a>', '12.34', 't', 'e', '16/B374D848', '$.a[*] ? (@ > 1)', 'nm', 42);
INSERT INTO t (id) VALUES (2), (-3);
CREATE TABLE odd ("a""b" int, "C" text, "select" text, "$1" text);
INSERT INTO odd VALUES (1, 'x', 'y', 'z'), (1, 'x', 'y', 'z'), (NULL, NULL, NULL, NULL);
