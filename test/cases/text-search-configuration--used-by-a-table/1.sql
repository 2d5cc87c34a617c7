CREATE TEXT SEARCH CONFIGURATION site (COPY = simple);
CREATE TABLE pages (
  body text,
  words tsvector GENERATED ALWAYS AS (to_tsvector('site'::regconfig, body)) STORED,
  config regconfig DEFAULT 'site'
);
INSERT INTO pages (body) VALUES ('What now?');
