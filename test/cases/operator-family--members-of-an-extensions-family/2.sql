CREATE EXTENSION btree_gist;
CREATE FUNCTION citext_int_cmp(citext, int) RETURNS int LANGUAGE sql IMMUTABLE RETURN citext_cmp($1, $2::text::citext);
ALTER OPERATOR FAMILY citext_ops USING btree ADD FUNCTION 1 (citext, int) citext_int_cmp(citext, int);
