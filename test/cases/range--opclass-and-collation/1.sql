CREATE COLLATION mine (LOCALE = 'C');
CREATE TYPE words AS RANGE (SUBTYPE = text, SUBTYPE_OPCLASS = text_pattern_ops, COLLATION = mine);
CREATE TYPE intervals AS RANGE (SUBTYPE = varchar, COLLATION = "C");
