UPDATE t SET a = 0 WHERE a = 2;
