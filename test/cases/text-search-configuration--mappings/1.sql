CREATE TEXT SEARCH CONFIGURATION mine (COPY = pg_catalog.english);
CREATE TEXT SEARCH DICTIONARY first (TEMPLATE = simple, ACCEPT = false);
ALTER TEXT SEARCH CONFIGURATION mine ALTER MAPPING FOR hword, hword_part, word WITH first, english_stem, simple;
CREATE TEXT SEARCH CONFIGURATION empty (PARSER = "default");
