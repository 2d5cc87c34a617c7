import { z } from 'zod';
import { ledgerRowSchema } from '../files/ledger-row.js';
import { isInside, isProjectPath, manifestName } from '../files/paths.js';
import { parseSealed, renderSealed, seal } from '../files/sealed.js';

/** `20261123T081500Z-full` or `…-migrations`, with a number where two were made in one second. */
export const backupNamePattern = /^\d{8}T\d{6}Z-(full|migrations)(-\d+)?$/;

/** The whole catalog as the dump's snapshot had it. */
export const catalogName = 'catalog.json';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const path = z.string().refine(isInside, 'leads out of its folder');

const sequence = z.strictObject({
  sequence: z.string(),
  lastValue: z.string().regex(/^-?\d+$/),
  isCalled: z.boolean(),
});

const grant = z.strictObject({
  verb: z.enum(['REVOKE', 'REVOKE GRANT OPTION FOR', 'GRANT']),
  privileges: z.array(z.string()),
  role: z.string(),
  withGrantOption: z.boolean().optional(),
  by: z.string().optional(),
});

/** The database itself: what CREATE DATABASE and ALTER DATABASE say of it. */
const database = z.strictObject({
  name: z.string(),
  /** As SQL writes it. */
  owner: z.string(),
  locale: z.strictObject({
    encoding: z.string(),
    collate: z.string(),
    ctype: z.string(),
    provider: z.enum(['libc', 'icu', 'builtin']).nullable(),
    locale: z.string().nullable(),
    icuRules: z.string().nullable(),
  }),
  settings: z.array(z.strictObject({ role: z.string().optional(), value: z.string() })),
  comment: z.string().nullable(),
  connectionLimit: z.int(),
  grants: z.array(grant),
});

/** One step of a restore by the driver: SQL, or rows for a table. Those that may run beside each other say so. */
const step = z.union([
  z.strictObject({ sql: path, beside: z.literal(true).optional() }),
  z.strictObject({ rows: path, table: z.string(), columns: z.array(z.string()).min(1) }),
]);

const manifestSchema = z.strictObject({
  formatVersion: z.literal(1),
  toolVersion: z.string(),
  /** The whole database, or its migrations, ledger and schema. */
  kind: z.enum(['full', 'migrations']),
  /** What wrote the rows, and therefore what reads them. */
  engine: z.enum(['driver', 'pg_dump']),
  /** Of pg_dump's output; null for the driver's. */
  format: z.enum(['custom', 'directory']).nullable(),
  schemaOnly: z.boolean(),
  server: z.strictObject({ version: z.string(), major: z.int() }),
  /** By the server's clock, at the snapshot. */
  createdAt: z.iso.datetime(),
  /** The revision of the last squash that the database has adopted, or null. */
  revision: z.string().nullable(),
  /** Of the catalog in {@link catalogName}. */
  fingerprint: hash,
  /** Under which the rows were read and are put back. */
  searchPath: z.string(),
  database,
  /** Tables that have rows. */
  tables: z.array(z.strictObject({ table: z.string(), rows: z.int().min(1), digest: z.string() })),
  sequences: z.array(sequence),
  steps: z.array(step),
  /** The project's migrations, and the files of rows beside them, which have no name in the ledger. */
  migrations: z.array(
    z.strictObject({
      name: z.string().nullable(),
      path,
      originalPath: z.string().refine(isProjectPath, 'is no relative path'),
    }),
  ),
  ledger: z.array(ledgerRowSchema).nullable(),
  /** As the restore needs them. */
  files: z.array(z.strictObject({ path, sha256: hash, size: z.int().min(0) })).min(1),
  /** What lies in the place of those that a command of the settings has encrypted; null where none did. */
  encrypted: z.array(z.strictObject({ source: path, path, sha256: hash, size: z.int().min(0) })).nullable(),
  /** Written only after a restore into a scratch database that was equal. */
  verified: z
    .strictObject({ at: z.iso.datetime(), serverVersion: z.string(), toolVersion: z.string() })
    .nullable(),
  /** Of the canonical JSON without this key. */
  sha256: hash,
});

/** What `manifest.json` in a backup of a whole database says. */
export type BackupManifest = z.infer<typeof manifestSchema>;

/** The database's own properties. */
export type DatabaseProperties = BackupManifest['database'];

/** The manifest with its own hash. */
export function sealBackup(manifest: Omit<BackupManifest, 'sha256'>): BackupManifest {
  return seal(manifest);
}

/** The one text that a manifest has. */
export function renderBackup(manifest: BackupManifest): string {
  return renderSealed(manifest);
}

/** The manifest of a text, or what is wrong with it. */
export function parseBackup(text: string): { manifest: BackupManifest } | { flaw: string } {
  const parsed = parseSealed(manifestSchema, text);
  if ('flaw' in parsed) return parsed;
  const flaw = inconsistency(parsed.sealed);
  return flaw === null ? { manifest: parsed.sealed } : { flaw };
}

function inconsistency({ files, steps, migrations, encrypted }: BackupManifest): string | null {
  const paths = new Set(files.map((file) => file.path));
  if (paths.size !== files.length || paths.has(manifestName)) return 'lists a file twice';
  const stored = new Set(encrypted?.map((file) => file.path));
  if (stored.size !== (encrypted?.length ?? 0) || [...stored].some((each) => paths.has(each)))
    return 'lists a file twice';
  const named = [
    ...(encrypted ?? []).map((file) => file.source),
    ...steps.map((each) => ('sql' in each ? each.sql : each.rows)),
    ...migrations.map((each) => each.path),
  ];
  const unknown = named.find((each) => !paths.has(each));
  return unknown === undefined ? null : `names ${unknown}, which it doesn't list`;
}
