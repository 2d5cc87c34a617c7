CREATE TABLE t (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text UNIQUE, at timestamptz DEFAULT now(), by text DEFAULT CURRENT_USER);
INSERT INTO t (name) VALUES ('a'), ('b');
CREATE TABLE u (t_id uuid REFERENCES t, n int);
INSERT INTO u SELECT id, 1 FROM t WHERE name = 'b';
