CREATE SCHEMA "Odd schema";
CREATE TABLE "Odd schema"."select" ("Two words" int PRIMARY KEY, "quo""te" text DEFAULT 'it''s', "ünï" text CHECK ("ünï" <> '\'), "order" int GENERATED ALWAYS AS IDENTITY);
CREATE INDEX "Idx %s" ON "Odd schema"."select" ("quo""te");
