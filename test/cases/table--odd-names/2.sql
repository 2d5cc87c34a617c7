ALTER TABLE "Odd schema"."select" RENAME TO "from $$ where";
COMMENT ON COLUMN "Odd schema"."from $$ where"."Two words" IS 'a ? and a $1 and ${x} and `tick` and \ ';
INSERT INTO "Odd schema"."from $$ where" VALUES (1, '?', 'ü?${a}`b`\n');
