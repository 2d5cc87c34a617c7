ALTER TABLE genes RENAME COLUMN note TO remark;
ALTER TABLE genes ADD COLUMN score double precision DEFAULT 1;
