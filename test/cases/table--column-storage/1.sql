CREATE TABLE document (
  id int PRIMARY KEY,
  body text,
  raw bytea,
  tags text[],
  amount numeric
);
ALTER TABLE document ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE document ALTER COLUMN raw SET STORAGE MAIN;
ALTER TABLE document ALTER COLUMN tags SET STORAGE PLAIN;
ALTER TABLE document ALTER COLUMN body SET STATISTICS 500;
ALTER TABLE document ALTER COLUMN amount SET STATISTICS 0;
ALTER TABLE document ALTER COLUMN id SET (n_distinct = -1, n_distinct_inherited = -0.5);
