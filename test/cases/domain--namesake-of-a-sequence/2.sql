ALTER SEQUENCE mood OWNED BY t.m;
COMMENT ON DOMAIN ant IS 'the type';
COMMENT ON SEQUENCE ant IS 'the sequence';
