DROP OPERATOR @#@ (NONE, bigint);
CREATE TABLE t (a bigint DEFAULT #! 4, b bigint GENERATED ALWAYS AS (#! a) STORED);
ALTER OPERATOR #! (NONE, bigint) OWNER TO case_owner;
