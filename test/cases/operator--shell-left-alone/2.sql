DROP OPERATOR ~~# (line, box);
