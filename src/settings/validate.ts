import { z } from 'zod';

const text = z.string({ error: 'must be text' }).min(1, { error: 'must not be empty' });

const names = z.array(text, { error: "must be a list, as in ['table public.tmp_*']" }).default([]);

/** The key `squash.validate` of the knexfile. */
export const validateKeys = z.strictObject({
  /** Schemas to look at, `*` stands for any text; all by default. */
  schemas: names,
  /** Ids of objects that don't count: `table public.tmp_*`. */
  ignore: names,
  /** Differences that are known and meant to stay. */
  expected: z
    .array(
      z.strictObject({
        object: text,
        /** What is found of it: `missing`, `extra`, `changed`, `broken` and so on; anything by default. */
        check: text.optional(),
        reason: text,
      }),
      {
        error:
          "must be a list, as in [{ object: 'index public.x', check: 'extra', reason: 'made by the DBA' }]",
      },
    )
    .default([]),
});

/** What was set about `validate`, checked. */
export type ValidateSettings = z.output<typeof validateKeys>;

/** Where the knexfile says nothing. */
export const defaultValidateSettings: ValidateSettings = { schemas: [], ignore: [], expected: [] };
