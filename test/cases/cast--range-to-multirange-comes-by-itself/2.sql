CREATE TABLE t (s span, m span_multirange);
