CREATE TYPE grade AS ENUM ('c', 'b', 'a');
CREATE FUNCTION worse(grade, grade) RETURNS bool LANGUAGE sql IMMUTABLE RETURN $1 < $2;
CREATE FUNCTION better(grade, grade) RETURNS bool LANGUAGE sql IMMUTABLE RETURN $1 > $2;
CREATE FUNCTION not_worse(grade, grade) RETURNS bool LANGUAGE sql IMMUTABLE RETURN $1 >= $2;
CREATE OPERATOR <<< (FUNCTION = worse, LEFTARG = grade, RIGHTARG = grade, COMMUTATOR = >>>, NEGATOR = !<<<, RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
