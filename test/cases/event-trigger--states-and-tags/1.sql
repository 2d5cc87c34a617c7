CREATE TABLE log (what text);
CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.log VALUES (TG_EVENT || ' ' || TG_TAG); END$$;
CREATE EVENT TRIGGER on_start ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION note();
CREATE EVENT TRIGGER on_end ON ddl_command_end EXECUTE FUNCTION note();
CREATE EVENT TRIGGER on_drop ON sql_drop EXECUTE FUNCTION note();
CREATE EVENT TRIGGER on_rewrite ON table_rewrite EXECUTE FUNCTION note();
CREATE TABLE seen (a int);
