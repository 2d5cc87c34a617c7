ALTER TYPE state RENAME TO "State";
ALTER TYPE "State" ADD VALUE IF NOT EXISTS E'tab\tand \\ backslash';
DROP TYPE gone;
