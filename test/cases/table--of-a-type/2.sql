ALTER TYPE row_type ADD ATTRIBUTE d date CASCADE;
CREATE TABLE v (a int, b text, c numeric, d date);
ALTER TABLE v OF row_type;
ALTER TABLE u NOT OF;
