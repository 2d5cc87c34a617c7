import { z } from 'zod';

/** A row of the ledger as a manifest keeps it. */
export const ledgerRowSchema = z.strictObject({
  id: z.int(),
  name: z.string(),
  batch: z.int(),
  migrationTime: z.string().nullable(),
});
