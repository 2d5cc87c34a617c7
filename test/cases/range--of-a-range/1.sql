CREATE TYPE pair AS (a int, b int);
CREATE TYPE pairs AS RANGE (SUBTYPE = pair);
CREATE TYPE rangy_range AS RANGE (SUBTYPE = pairs);
