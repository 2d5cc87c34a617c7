ALTER INDEX t_gin RESET (gin_pending_list_limit);
ALTER INDEX t_brin SET (pages_per_range = 64);
ALTER INDEX t_hash RENAME TO "Hash it";
DROP INDEX t_spgist;
