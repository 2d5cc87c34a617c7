CREATE FUNCTION least_of(state numeric, VARIADIC "all" numeric[]) RETURNS numeric LANGUAGE sql IMMUTABLE
  AS $$ SELECT min(x) FROM unnest("all" || state) x $$;
CREATE AGGREGATE least_in(VARIADIC "Some values" numeric[]) (SFUNC = least_of, STYPE = numeric);
CREATE FUNCTION append(state anyarray, element anyelement) RETURNS anyarray LANGUAGE sql IMMUTABLE AS $$ SELECT $1 || $2 $$;
CREATE AGGREGATE collect(element anyelement) (SFUNC = append, STYPE = anyarray, INITCOND = '{}');
