CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TYPE pair AS (a int, b positive);
CREATE TABLE t (a int[], b int[][] NOT NULL DEFAULT '{{1,2}}', m mood[] DEFAULT '{glad}', p pair[], d positive, c char(3), v varchar(5)[], ts timestamp(3) with time zone, iv interval day to second(2), bt bit varying(8), n numeric(5,2), u uuid DEFAULT gen_random_uuid());
