import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { config as readDotenv } from 'dotenv';
import type { ClientConfig } from 'pg';
import type { z } from 'zod';
import { SquashError } from '../errors.js';
import { resolveConnection } from './connection.js';
import { findKnexfile, loadKnexfile, pickEnvironment } from './knexfile.js';
import { type Flags, type ParsedSettings, settingsSchema } from './schema.js';
import type { MigrationSettings, Settings } from './settings.js';

/** Where settings come from. */
export interface SettingsInput {
  /** Absolute working directory; paths in `flags` are relative to it. */
  readonly cwd: string;
  /** The environment, usually `process.env`. */
  readonly env: NodeJS.ProcessEnv;
  readonly flags: Flags;
}

/**
 * Reads flags, environment (with `.env` beside the knexfile, then in the working directory; a real
 * variable beats both) and knexfile, in this order of precedence, and checks all of it at once. Paths
 * become absolute: those of flags from the working directory, all others from the knexfile's folder,
 * as in the Knex CLI.
 *
 * @throws SquashError SETTINGS_INVALID with every problem that was found, each with its remedy, and
 *   never with a password.
 */
export async function loadSettings(input: SettingsInput): Promise<Settings> {
  const problems: string[] = [];
  const knexfile = locateKnexfile(input, problems);
  const root = knexfile === null ? input.cwd : dirname(knexfile);
  const env = readEnvironment([root, input.cwd], input.env, knexfile !== null);
  const environment = input.flags.env || env.NODE_ENV || 'development';
  const configuration = await readConfiguration(knexfile, environment, problems);
  const isOverridden = Boolean(input.flags.url || env.DATABASE_URL);
  const connection = isOverridden ? null : await readConnection(configuration, knexfile, problems);
  const parsed = settingsSchema.safeParse({ flags: input.flags, env, knexfile: configuration });
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => describeIssue(issue, knexfile)));
  if (problems.length > 0 || !parsed.success) throw invalid(problems);
  return assemble({ cwd: input.cwd, root, knexfile, environment, connection, parsed: parsed.data });
}

/**
 * Checks a configuration that a program holds in its hands, as {@link loadSettings} does with the one
 * in a knexfile. Of the environment only what has no place in a knexfile counts.
 *
 * @throws SquashError SETTINGS_INVALID
 */
export async function settingsOf(
  configuration: Configuration,
  cwd: string,
  { NODE_ENV, SHADOW_DATABASE_URL, KNEX_SQUASH_BACKUPS, KNEX_SQUASH_STATE_DIRECTORY }: NodeJS.ProcessEnv,
): Promise<Settings> {
  const problems: string[] = [];
  const connection = await readConnection(configuration, null, problems);
  const env = { SHADOW_DATABASE_URL, KNEX_SQUASH_BACKUPS, KNEX_SQUASH_STATE_DIRECTORY };
  const parsed = settingsSchema.safeParse({ flags: {}, env, knexfile: configuration });
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => describeIssue(issue, null)));
  if (problems.length > 0 || !parsed.success) throw invalid(problems);
  const environment = NODE_ENV || 'development';
  return assemble({ cwd, root: cwd, knexfile: null, environment, connection, parsed: parsed.data });
}

function locateKnexfile({ cwd, env, flags }: SettingsInput, problems: string[]): string | null {
  const named = flags.knexfile || env.KNEX_SQUASH_KNEXFILE;
  if (!named) return findKnexfile(cwd);
  const path = resolve(cwd, named);
  if (existsSync(path)) return path;
  problems.push(`--knexfile: there is no file ${path}: correct the path`);
  return null;
}

/** A knexfile reads `process.env` by itself, so `.env` has to be in there before it is loaded. */
function readEnvironment(
  folders: readonly string[],
  real: NodeJS.ProcessEnv,
  hasKnexfile: boolean,
): NodeJS.ProcessEnv {
  const path = folders.map((folder) => join(folder, '.env'));
  if (hasKnexfile) readDotenv({ path, quiet: true });
  const env = { ...real };
  readDotenv({ path, quiet: true, processEnv: env as Record<string, string> });
  return env;
}

type Configuration = Readonly<Record<string, unknown>>;

async function readConfiguration(
  knexfile: string | null,
  environment: string,
  problems: string[],
): Promise<Configuration> {
  if (knexfile === null) return {};
  try {
    return pickEnvironment(knexfile, await loadKnexfile(knexfile), environment);
  } catch (error) {
    problems.push(`${knexfile}: ${messageOf(error)}`);
    return {};
  }
}

async function readConnection(
  { connection }: Configuration,
  knexfile: string | null,
  problems: string[],
): Promise<ClientConfig | null> {
  try {
    return await resolveConnection(connection);
  } catch (error) {
    problems.push(`${describePath(['knexfile', 'connection'], knexfile)}: ${messageOf(error)}`);
    return null;
  }
}

function describeIssue(issue: z.core.$ZodIssue, knexfile: string | null): string {
  const place = describePath(issue.path, knexfile);
  if (issue.code !== 'unrecognized_keys') return `${place}: ${issue.message}`;
  const keys = issue.keys.map((key) => `"${key}"`).join(', ');
  return `${place}: ${keys} is no setting here: correct its spelling or remove it`;
}

/** `--shadow-url`, `DATABASE_URL`, or `migrations.directory in knexfile.ts`. */
function describePath([source, ...path]: readonly PropertyKey[], knexfile: string | null): string {
  if (source === 'flags') {
    return `--${String(path[0]).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  }
  if (source === 'env') return String(path[0]);
  const file = knexfile === null ? 'the knexfile' : basename(knexfile);
  return path.length === 0 ? file : `${path.map(String).join('.')} in ${file}`;
}

interface Sources {
  readonly cwd: string;
  readonly root: string;
  readonly knexfile: string | null;
  readonly environment: string;
  readonly connection: ClientConfig | null;
  readonly parsed: ParsedSettings;
}

function assemble({ cwd, root, knexfile: path, environment, connection, parsed }: Sources): Settings {
  const { flags, env, knexfile } = parsed;
  const { squash } = knexfile;
  return {
    root,
    knexfile: path,
    environment,
    connection: flags.url ?? env.DATABASE_URL ?? connection,
    shadowConnection: flags.shadowUrl ?? env.SHADOW_DATABASE_URL ?? squash.shadowUrl ?? null,
    searchPath: knexfile.searchPath,
    knexConfig: knexConfigOf(knexfile),
    migrations: migrationSettingsOf(
      knexfile.migrations,
      root,
      flags.migrations?.map((each) => resolve(cwd, each)),
      squash.sameName,
    ),
    backups:
      flags.backups === undefined
        ? resolve(root, env.KNEX_SQUASH_BACKUPS ?? squash.backups)
        : resolve(cwd, flags.backups),
    stateDirectory: resolve(root, env.KNEX_SQUASH_STATE_DIRECTORY ?? squash.stateDirectory),
    encryption: squash.encryption ?? null,
    rows: {
      carried: flags.rows ?? squash.rows,
      threshold: squash.rowsThreshold,
      times: squash.times,
      volatile: squash.volatile,
      unstable: squash.unstable,
    },
    validate: squash.validate,
  };
}

function knexConfigOf(knexfile: ParsedSettings['knexfile']): Settings['knexConfig'] {
  const { connection, connectionPool, dialect, migrations, pool, searchPath, squash, ...rest } = knexfile;
  const afterCreate = pool?.afterCreate;
  return { ...rest, ...(afterCreate === undefined ? {} : { pool: { afterCreate } }) };
}

function migrationSettingsOf(
  given: ParsedSettings['knexfile']['migrations'],
  root: string,
  override: readonly string[] | undefined,
  sameName: MigrationSettings['sameName'],
): MigrationSettings {
  return {
    directories: override ?? given.directory.map((each) => resolve(root, each)),
    sortDirsSeparately: given.sortDirsSeparately,
    loadExtensions: given.loadExtensions,
    tableName: given.tableName,
    schemaName: given.schemaName,
    disableTransactions: given.disableTransactions,
    migrationSource: override === undefined ? given.migrationSource : null,
    sameName,
  };
}

function messageOf(error: unknown): string {
  // By shape: what a knexfile throws can come from another realm, where `instanceof` fails.
  const { message = String(error) } = Object(error) as Partial<Error>;
  // What follows the first line can be a frame of the file's code, passwords included.
  return message.split('\n')[0] ?? '';
}

function invalid(problems: readonly string[]): SquashError {
  const [first = ''] = problems;
  if (problems.length === 1) return new SquashError('SETTINGS_INVALID', first);
  const list = problems.map((problem) => `\n  - ${problem}`).join('');
  return new SquashError('SETTINGS_INVALID', `the settings have ${problems.length} problems:${list}`);
}
