CREATE FUNCTION my_init(internal) RETURNS internal LANGUAGE internal STRICT AS 'dsimple_init';
CREATE FUNCTION my_lexize(internal, internal, internal, internal) RETURNS internal LANGUAGE internal STRICT AS 'dsimple_lexize';
CREATE TEXT SEARCH TEMPLATE my_template (INIT = my_init, LEXIZE = my_lexize);
CREATE TEXT SEARCH TEMPLATE bare (LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY my_dictionary (TEMPLATE = my_template, STOPWORDS = 'english');
