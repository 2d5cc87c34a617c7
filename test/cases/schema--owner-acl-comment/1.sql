CREATE SCHEMA "App Schema";
CREATE SCHEMA gone;
COMMENT ON SCHEMA "App Schema" IS 'what''s in it?';
