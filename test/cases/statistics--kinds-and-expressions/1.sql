CREATE TABLE t (a int, b int, c text, d text);
CREATE STATISTICS all_kinds ON a, b FROM t;
CREATE STATISTICS some_kinds (ndistinct, mcv) ON a, b, c FROM t;
CREATE STATISTICS of_expressions ON (a + b), lower(c), d FROM t;
CREATE STATISTICS one_expression ON (a % 10) FROM t;
CREATE SCHEMA s;
CREATE STATISTICS s.elsewhere (dependencies) ON c, d FROM t;
