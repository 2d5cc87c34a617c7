CREATE TABLE a_guest (id int PRIMARY KEY, room int);
CREATE TABLE room (id int PRIMARY KEY);
INSERT INTO room VALUES (1);
CREATE MATERIALIZED VIEW rooms AS SELECT id FROM room;
CREATE FUNCTION has_room(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN EXISTS (SELECT FROM room WHERE id = $1); END $$;
CREATE FUNCTION is_listed(int) RETURNS boolean LANGUAGE sql STABLE BEGIN ATOMIC SELECT $1 IN (SELECT id FROM rooms); END;
CREATE FUNCTION fits(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT $1 + $2 < 9 AND EXISTS (SELECT FROM room)';
CREATE OPERATOR <~> (FUNCTION = fits, LEFTARG = int, RIGHTARG = int);
ALTER TABLE a_guest ADD CONSTRAINT known CHECK (has_room(room)), ADD CONSTRAINT listed CHECK (is_listed(room)),
  ADD CONSTRAINT fitting CHECK (id <~> room), ADD CONSTRAINT plain CHECK (room > 0);
COMMENT ON CONSTRAINT known ON a_guest IS 'reads room';
INSERT INTO a_guest VALUES (1, 1);
