CREATE TYPE announced;
CREATE TYPE "Never used";
COMMENT ON TYPE announced IS 'comes later';
ALTER TYPE "Never used" OWNER TO case_owner;
