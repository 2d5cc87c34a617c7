ALTER OPERATOR ===== (text, text) SET (RESTRICT = NONE, JOIN = my_eqjoinsel);
