ALTER TABLE hot RESET (toast.autovacuum_enabled);
ALTER TABLE hot SET (toast.autovacuum_freeze_min_age = 1000);
