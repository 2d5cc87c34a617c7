DROP VIEW gone;
CREATE VIEW gone AS SELECT 'x'::varchar(3) AS x, NULL::numeric(4, 1) AS y, 'z' COLLATE "C" AS z;
