CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $fn$
-- a comment with 'quotes', "more", `ticks`, ${braces}, \backslashes\n and ? marks
BEGIN
	RETURN E'a\tb' || $$dollar$$ || '$1';   
END
$fn$;
COMMENT ON FUNCTION f() IS $c$several
lines	with tabs \ and 'quotes'$c$;
