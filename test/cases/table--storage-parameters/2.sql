ALTER TABLE hot SET (fillfactor = 80, toast_tuple_target = 256), SET (autovacuum_vacuum_scale_factor = 0.01);
ALTER TABLE hot RESET (autovacuum_enabled);
ALTER TABLE plain SET (toast.autovacuum_vacuum_cost_delay = 5, user_catalog_table = true);
