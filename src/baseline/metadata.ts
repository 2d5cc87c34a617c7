import { z } from 'zod';
import type { Replaced } from '../history/lineage.js';

const hex = (length: number) => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`));

/** A file in the same folder: no path leads elsewhere. */
const fileName = z.string().regex(/^[\w-][\w.-]*$/);

const replaced: z.ZodType<Replaced> = z.strictObject({
  name: z.string(),
  sha256: hex(64),
  /** Of a baseline that is replaced in its turn: its own revision, and what it stood for. */
  revision: hex(12).optional(),
  get replaces() {
    return z.array(replaced).optional();
  },
});

/** What a baseline says of itself. It lies in the file as JSON and can be read without running it. */
export const metadataSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** 12 hex digits: what is replaced, by what catalog and what rows (revision.ts). */
  revision: hex(12),
  /** The migrations that this one stands for, in their order, with the sha256 of each file. */
  replaces: z.array(replaced),
  /** Of the catalog as the history built it and as this baseline builds it, deparsed by `serverMajor`. */
  fingerprints: z.strictObject({ history: hex(64), baseline: hex(64) }),
  /** Tables with rows, the rows in them, and a hash over those that aren't volatile. */
  rows: z.strictObject({
    tables: z.int(),
    rows: z.int(),
    digest: hex(64),
    /** Tables whose rows were asked to be left out, and how many those are. */
    leftOut: z.array(z.strictObject({ table: z.string(), rows: z.int() })),
    /** Files beside this one that hold the rows of big tables: their names and the sha256 of each. */
    files: z.array(z.strictObject({ table: z.string(), file: fileName, rows: z.int(), sha256: hex(64) })),
  }),
  /** Columns that differ each time the history runs, and what the baseline does with them. */
  volatile: z.array(
    z.strictObject({
      table: z.string(),
      column: z.string(),
      ruling: z.enum(['default', 'now', 'lookup', 'freeze', 'regenerate']),
      expression: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
      bySettings: z.literal(true).optional(),
      note: z.string().optional(),
    }),
  ),
  /** Objects that differ each time the history runs, and that the project ruled to be as the first replay had them. */
  unstable: z.array(z.string()),
  serverMajor: z.int(),
  toolVersion: z.string(),
});

export type BaselineMetadata = z.infer<typeof metadataSchema>;
