ALTER SEQUENCE ids OWNED BY p.id;
INSERT INTO p_serial (kind) VALUES (1);
