CREATE TYPE float_range AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = float_ranges);
CREATE TYPE text_range AS RANGE (subtype = text, collation = "C", subtype_opclass = text_pattern_ops);
CREATE TABLE t (a float_range, b float_ranges, c text_range);
INSERT INTO t VALUES ('[1,2)', '{[1,2),[3,4]}', '[a,b]');
