CREATE INDEX p_only ON ONLY p (kind);
CREATE INDEX pa_kind ON pa (kind);
ALTER INDEX p_only ATTACH PARTITION pa_kind;
COMMENT ON INDEX p_at IS 'on all';
COMMENT ON INDEX pa_own_at IS 'on one';
ALTER INDEX pb1_at_idx RENAME TO "Odd name";
ALTER INDEX p_expr ALTER COLUMN 2 SET STATISTICS 300;
ALTER INDEX pa_lower_expr_idx ALTER COLUMN 1 SET STATISTICS 200;
ALTER INDEX pa_own_at SET (fillfactor = 55);
