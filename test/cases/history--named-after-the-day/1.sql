CREATE TABLE events (day date NOT NULL) PARTITION BY RANGE (day);
DO $$ BEGIN
  EXECUTE format('CREATE TABLE events_%s PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
    to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM_DD'), '2000-01-01', '3000-01-01');
END $$;
