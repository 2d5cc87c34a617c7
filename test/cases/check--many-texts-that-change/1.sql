CREATE TYPE e AS ENUM ('a', 'b');
CREATE TABLE t (a varchar(5), b e, c timestamptz, d numeric, f text[],
  CHECK (a IN ('x', 'y') OR a LIKE 'z%'), CHECK (b IN ('a', 'b')), CHECK (c > '2020-01-01'), CHECK (d BETWEEN 1 AND 2.5), CHECK (f <@ ARRAY['p', 'q']::varchar[]::text[]));
CREATE DOMAIN dom AS varchar(4) CHECK (VALUE IN ('p', 'q'));
CREATE INDEX t_part ON t (a) WHERE a IN ('x', 'y');
CREATE INDEX t_expr ON t ((a || 'z'), (CASE WHEN a IN ('x', 'y') THEN 1 END));
CREATE VIEW v AS SELECT a, CASE a WHEN 'x' THEN 1 ELSE 2 END AS n FROM t WHERE a IN ('x', 'y') AND a = ANY (ARRAY['x', 'y']);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t WHERE a IN ('x', 'y');
CREATE RULE r AS ON DELETE TO t WHERE old.a IN ('x', 'y') DO INSTEAD NOTHING;
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (new.a IN ('x', 'y')) EXECUTE FUNCTION tf();
CREATE POLICY p ON t USING (a IN ('x', 'y')) WITH CHECK (a NOT IN ('q', 'r'));
CREATE FUNCTION atomic(x varchar) RETURNS boolean LANGUAGE sql BEGIN ATOMIC SELECT x IN ('x', 'y'); END;
ALTER TABLE t ADD g boolean GENERATED ALWAYS AS (a IN ('x', 'y')) STORED;
ALTER TABLE t ALTER a SET DEFAULT CASE WHEN 'x'::varchar IN ('x', 'y') THEN 'a' ELSE 'b' END;
