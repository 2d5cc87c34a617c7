-- transaction: false
DO $$ BEGIN CREATE UNIQUE INDEX t_a ON t (a); EXCEPTION WHEN unique_violation THEN NULL; END $$;
