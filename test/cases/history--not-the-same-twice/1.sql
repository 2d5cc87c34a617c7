DO $$ BEGIN EXECUTE format('CREATE TABLE t_%s (a int)', (random() * 1e9)::int); END $$;
