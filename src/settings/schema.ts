import type { Knex } from 'knex';
import { z } from 'zod';
import { parseUrl } from './connection.js';
import { rowsKeys, rowsSelection } from './rows.js';
import { fileSettingsOf } from './source-key.js';
import { validateKeys } from './validate.js';

/** What Knex loads where `loadExtensions` says nothing (knex/lib/migrations/common/MigrationsLoader.js). */
const defaultExtensions = ['.co', '.coffee', '.eg', '.iced', '.js', '.cjs', '.litcoffee', '.ls', '.ts'];

const text = z
  .string({ error: 'must be text' })
  .min(1, { error: 'must not be empty: give a value or leave it out' });

const folder = text.describe('A path, relative to the folder of the knexfile.');

const flag = z.boolean({ error: 'must be true or false' });

const url = text.transform((value, context) => {
  try {
    return parseUrl(value);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

/** An environment variable that is set to nothing counts as not set. */
const variable = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const hook = z
  .undefined({ error: 'is a hook, which would not run: do its work in the migrations themselves' })
  .optional();

const extension = text.startsWith('.', {
  error: 'must begin with a dot, as in ".ts": Knex compares it with the file name',
});

const migrationSource = z.custom<Knex.MigrationSource<unknown>>(
  (value) =>
    ['getMigrations', 'getMigrationName', 'getMigration'].every(
      (method) => typeof (value as Record<string, unknown> | null)?.[method] === 'function',
    ),
  { error: 'must have getMigrations, getMigrationName and getMigration, as Knex asks of a source' },
);

/** Knex's `migrations`; the keys in the second half matter to Knex's own commands only. */
const migrationKeys = z.strictObject({
  directory: z
    .union([folder.transform((path) => [path]), z.array(folder).min(1)], {
      error: 'must be a folder or a list of folders, as in "./migrations"',
    })
    .optional(),
  sortDirsSeparately: flag.optional(),
  loadExtensions: z.array(extension, { error: 'must be a list, as in [".ts"]' }).optional(),
  tableName: text.default('knex_migrations'),
  schemaName: text.nullish().transform((name) => name ?? null),
  disableTransactions: flag.default(false),
  migrationSource: migrationSource.nullish().transform((source) => source ?? null),
  beforeAll: hook,
  beforeEach: hook,
  afterEach: hook,
  afterAll: hook,

  extension: z.unknown().optional(),
  stub: z.unknown().optional(),
  name: z.unknown().optional(),
  database: z.unknown().optional(),
  getNewMigrationName: z.unknown().optional(),
  disableMigrationsListValidation: z.unknown().optional(),
});

/** A source of ours stands for the folders that it was made for. */
const unwrapped = z.preprocess((given: unknown) => {
  const { migrationSource, ...rest } = Object(given) as { migrationSource?: unknown };
  const files = fileSettingsOf(migrationSource);
  return files === null ? given : { ...rest, ...files };
}, migrationKeys);

/** Knex's defaults, and its rule that a setting about files puts a custom source out of use. */
const migrations = unwrapped.transform((given) => {
  const { directory, sortDirsSeparately, loadExtensions, migrationSource } = given;
  const isAboutFiles = [directory, sortDirsSeparately, loadExtensions].some((value) => value !== undefined);
  return {
    ...given,
    directory: directory ?? ['./migrations'],
    sortDirsSeparately: sortDirsSeparately ?? false,
    loadExtensions: loadExtensions ?? defaultExtensions,
    migrationSource: isAboutFiles ? null : migrationSource,
  };
});

/** The key `squash` of the knexfile. */
const squash = z.strictObject({
  /** Folder of archives and dumps. */
  backups: folder.default('./backups'),
  /** A server on which shadows may be made. */
  shadowUrl: url.optional(),
  /** Folder of the embedded server and of caches. */
  stateDirectory: folder.default('./.knex-squash'),
  /** Shell commands from stdin to stdout through which the files of a backup pass. */
  encryption: z.strictObject({ encrypt: text, decrypt: text }).optional(),
  /** Whether `1.ts` and the `1.js` that is built from it are one migration. */
  sameName: z
    .enum(['exact', 'without extension'], { error: 'must be "exact" or "without extension"' })
    .default('exact'),
  /** What `validate` looks at, and what it lets through. */
  validate: validateKeys.prefault({}),
  ...rowsKeys,
});

const clients = ['pg', 'postgres', 'postgresql', 'pgnative'];

/** The name of Knex's client, or a class that extends its client for PostgreSQL. */
const client = z.custom<NonNullable<Knex.Config['client']>>(
  (value) =>
    clients.includes(value as string) ||
    (typeof value === 'function' &&
      (value.prototype as { dialect?: unknown } | undefined)?.dialect === 'postgresql'),
  {
    error: `must be PostgreSQL's: "pg" (or ${clients.slice(1).join(', ')}); no other database can be squashed`,
  },
);

const pool = z.looseObject({
  afterCreate: z
    .custom<NonNullable<Knex.PoolConfig['afterCreate']>>((value) => typeof value === 'function', {
      error: 'must be a function',
    })
    .optional(),
});

/** Open, since Knex passes over keys that it doesn't know and projects keep values of their own there. */
const knexfile = z.looseObject({
  client: client.default('pg'),
  dialect: client.optional(),
  connection: z.unknown().optional(),
  connectionPool: z
    .undefined({ error: 'is a pool of the program, which has no use here: give "connection" or --url' })
    .optional(),
  migrations: migrations.prefault({}),
  pool: pool.optional(),
  searchPath: z
    .union([text.transform((schema) => [schema]), z.array(text)], {
      error: 'must be a schema or a list of schemas, as in ["app", "public"]',
    })
    .nullish()
    .transform((path) => path ?? null),
  squash: squash.prefault({}),
});

const flags = z.strictObject({
  knexfile: text.optional(),
  env: text.optional(),
  url: url.optional(),
  shadowUrl: url.optional(),
  migrations: z.union([text.transform((path) => [path]), z.array(text).min(1)]).optional(),
  backups: text.optional(),
  rows: rowsSelection.optional(),
});

const env = z.object({
  DATABASE_URL: variable(url),
  SHADOW_DATABASE_URL: variable(url),
  KNEX_SQUASH_BACKUPS: variable(text),
  KNEX_SQUASH_STATE_DIRECTORY: variable(text),
});

/** All that can be set, from every source at once, so that every problem is found in one pass. */
export const settingsSchema = z.object({ flags, env, knexfile });

/** Options of the command line. */
export type Flags = z.input<typeof flags>;

/** The key `squash` of the knexfile: our own settings. */
export type SquashOptions = z.input<typeof squash>;

/** The checked values, still apart by source. */
export type ParsedSettings = z.output<typeof settingsSchema>;
