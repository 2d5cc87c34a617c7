CREATE TABLE parent (a text, b text);
CREATE TABLE heir () INHERITS (parent);
CREATE TABLE second (a text, n int);
CREATE TABLE of_both () INHERITS (parent, second);
