CREATE COLLATION ruled (PROVIDER = icu, LOCALE = 'und', RULES = '&V << w <<< W');
CREATE COLLATION quoted (PROVIDER = icu, LOCALE = 'und', RULES = '&a < ''b''');
