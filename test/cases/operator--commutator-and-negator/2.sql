CREATE OPERATOR >>> (FUNCTION = better, LEFTARG = grade, RIGHTARG = grade, COMMUTATOR = <<<);
CREATE OPERATOR !<<< (FUNCTION = not_worse, LEFTARG = grade, RIGHTARG = grade, NEGATOR = <<<);
COMMENT ON OPERATOR <<< (grade, grade) IS 'worse than?';
ALTER OPERATOR >>> (grade, grade) OWNER TO case_owner;
