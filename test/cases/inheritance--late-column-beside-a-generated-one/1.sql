CREATE TABLE parent (a int);
CREATE TABLE heir (g text GENERATED ALWAYS AS ('x' || 'y') STORED) INHERITS (parent);
