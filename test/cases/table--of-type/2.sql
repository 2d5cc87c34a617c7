ALTER TABLE was_typed NOT OF;
ALTER TABLE became_typed OF address;
ALTER TYPE address ADD ATTRIBUTE country text CASCADE;
ALTER TYPE address DROP ATTRIBUTE street CASCADE;
COMMENT ON COLUMN office.city IS 'where it is';
INSERT INTO office (city, zip, country) VALUES ('Köln', '50667', 'DE');
ALTER TABLE home ALTER COLUMN zip SET STATISTICS 100;
