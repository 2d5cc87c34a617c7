-- transaction: false
CREATE INDEX CONCURRENTLY t_b ON t (lower(b) text_pattern_ops DESC) INCLUDE (a) WHERE a > 0;
