CREATE INDEX ON pages USING gin (to_tsvector('site', body));
CREATE TRIGGER keep BEFORE INSERT ON pages FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger(words, 'public.site', body);
ALTER TABLE pages ALTER COLUMN words DROP EXPRESSION;
