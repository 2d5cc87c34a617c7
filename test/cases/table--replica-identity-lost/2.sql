DROP INDEX lost_idx;
