ALTER TABLE booking RENAME CONSTRAINT no_overlap TO "No overlap";
ALTER TABLE booking RENAME COLUMN level TO floor;
ALTER INDEX booking_expr_excl ALTER COLUMN 1 SET STATISTICS 40;
CREATE OPERATOR CLASS int4_odd FOR TYPE int4 USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int4, int4);
ALTER TABLE booking ADD EXCLUDE USING btree (id int4_odd WITH =, (lower(during)) DESC NULLS LAST WITH OPERATOR(pg_catalog.=)) WHERE (id > 5 AND 'x WHERE (y' <> 'z');
