CREATE TABLE t (id serial PRIMARY KEY, n int, changed int DEFAULT 0);
CREATE TABLE audit (id serial, what text);
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit (what) VALUES (TG_OP); NEW.changed := NEW.changed + 1; RETURN NEW; END $$;
CREATE TRIGGER g BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tf();
INSERT INTO t (n) VALUES (1), (2);
UPDATE t SET n = n + 1;
