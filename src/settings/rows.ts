import { z } from 'zod';

const expression = z
  .string({ error: 'must be an SQL expression' })
  .trim()
  .min(1, { error: 'must not be empty: give an SQL expression' });

/** What becomes of a column whose values differ each time the history runs. */
const volatileRuling = z.union(
  [
    z.literal('default'),
    z.literal('freeze'),
    z.strictObject({ regenerate: z.union([expression, z.record(z.string(), expression)]) }),
  ],
  {
    error: "must be 'default', 'freeze' or { regenerate: \"an SQL expression\" }",
  },
);

/** `--rows genes,users` and `rows: ['genes', 'users']` are the same; 'all' and 'none' stand alone. */
export const rowsSelection = z
  .union([z.string(), z.array(z.string().min(1))], {
    error: "must be 'all', 'none' or a list of tables, as in ['public.genes']",
  })
  .transform((value, context): 'all' | 'none' | readonly string[] => {
    if (value === 'all' || value === 'none') return value;
    const list = (typeof value === 'string' ? value.split(',') : value).map((name) => name.trim());
    if (list.length > 0 && list.every((name) => name !== '')) return list;
    context.addIssue({ code: 'custom', message: "must be 'all', 'none' or tables by name" });
    return z.NEVER;
  });

/** The keys of `squash` in the knexfile that concern rows. */
export const rowsKeys = {
  /** Which tables' rows the baseline carries: a list names all of them. */
  rows: rowsSelection.default('all'),
  /** Tables with more rows lie in a compressed file beside the baseline. */
  rowsThreshold: z
    .int({ error: 'must be a whole number of rows' })
    .min(0, { error: 'must not be negative' })
    .default(1000),
  /** Times that differ each time: left to their defaults where those explain them, or this replay's. */
  times: z.enum(['default', 'freeze'], { error: "must be 'default' or 'freeze'" }).default('default'),
  /** Rulings by column: `schema.table.column`. */
  volatile: z.record(z.string(), volatileRuling).default({}),
  /** Objects that the history builds differently each time, by id (`*` stands for any text): as the first replay has them. */
  unstable: z
    .record(
      z.string(),
      z.literal('first', { error: "must be 'first', which keeps what the first replay built" }),
    )
    .default({}),
} as const;

export type VolatileRuling = z.output<typeof volatileRuling>;

/** What was set about rows, checked. */
export interface RowSettings {
  readonly carried: 'all' | 'none' | readonly string[];
  readonly threshold: number;
  readonly times: 'default' | 'freeze';
  readonly volatile: Readonly<Record<string, VolatileRuling>>;
  readonly unstable: Readonly<Record<string, 'first'>>;
}

/** Where the knexfile says nothing: all rows, and every ruling by our own rules. */
export const defaultRowSettings: RowSettings = {
  carried: 'all',
  threshold: 1000,
  times: 'default',
  volatile: {},
  unstable: {},
};
