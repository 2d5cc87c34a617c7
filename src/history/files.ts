import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, isAbsolute, join, resolve } from 'node:path';
import type { Knex } from 'knex';
import { SquashError } from '../errors.js';
import type { MigrationSettings } from '../settings/settings.js';
import { sha256 } from './hash.js';
import { asMigration, loadMigration } from './load.js';
import type { LoadedMigration, Migration } from './migration.js';

export { sha256 };

type MigrationSource = Knex.MigrationSource<unknown>;

/**
 * The history in the order in which Knex runs it, each file hashed and none loaded: the folders as
 * knex/lib/migrations/migrate/sources/fs-migrations.js reads them, or what a custom source gives.
 *
 * @throws SquashError HISTORY_EMPTY (naming the folders) where there is no migration,
 *   MIGRATION_DUPLICATE when two share a name, MIGRATION_INVALID when one can't be read.
 */
export async function listHistory(settings: MigrationSettings): Promise<readonly Migration[]> {
  const { migrationSource } = settings;
  const history =
    migrationSource === null ? await fromFolders(settings) : await fromSource(migrationSource, settings);
  if (history.length === 0) throw emptyHistory(settings);
  refuseDuplicates(history);
  return history;
}

async function fromFolders(settings: MigrationSettings): Promise<readonly Migration[]> {
  const folders: { file: string; path: string }[][] = [];
  for (const directory of settings.directories) {
    const files = await readdir(directory).catch((cause: unknown) => {
      throw unreadableFolder(directory, cause);
    });
    folders.push(files.sort(byCodeUnit).map((file) => ({ file, path: join(directory, file) })));
  }
  const found = folders.flat().filter(({ file }) => settings.loadExtensions.includes(extname(file)));
  // Sorting is stable: of two folders' equal names the first folder's comes first, as in Knex.
  const ordered = settings.sortDirsSeparately ? found : found.sort((a, b) => byCodeUnit(a.file, b.file));
  return Promise.all(ordered.map(({ file, path }) => fromFile(file, path, () => loadMigration(path))));
}

async function fromSource(
  source: MigrationSource,
  settings: MigrationSettings,
): Promise<readonly Migration[]> {
  const listed: unknown = await source.getMigrations(settings.loadExtensions);
  if (!Array.isArray(listed)) {
    throw new SquashError('MIGRATION_INVALID', "the migration source's getMigrations gives no array", {
      hint: 'Return the migrations in the order in which they are to run.',
    });
  }
  return Promise.all(listed.map((value: unknown) => fromValue(source, value, settings.directories)));
}

async function fromValue(
  source: MigrationSource,
  value: unknown,
  directories: readonly string[],
): Promise<Migration> {
  const name: unknown = source.getMigrationName(value);
  if (typeof name !== 'string' || name === '') {
    throw new SquashError('MIGRATION_INVALID', 'the migration source names a migration with no text', {
      hint: "Return the ledger's name from getMigrationName.",
    });
  }
  const load = async () => asMigration(await source.getMigration(value), name);
  const path = await findFile(value, name, directories);
  if (path !== null) return fromFile(name, path, load);
  const { up, down } = await load();
  return { name, path: null, sha256: sha256(`${up}\n${down ?? ''}`), load };
}

/** The file behind a custom source's migration, where its value or its name leads to one. */
async function findFile(
  value: unknown,
  name: string,
  directories: readonly string[],
): Promise<string | null> {
  const { file, directory, path } = Object(value) as Record<string, unknown>;
  const inFolder =
    typeof file === 'string' && typeof directory === 'string' ? resolve(directory, file) : null;
  const texts = [path, value, file, name].filter((text) => typeof text === 'string');
  const candidates = [inFolder, ...texts.flatMap((text) => places(text, directories))];
  for (const candidate of candidates) {
    if (candidate !== null && (await isFile(candidate))) return candidate;
  }
  return null;
}

function places(text: string, directories: readonly string[]): readonly string[] {
  return isAbsolute(text) ? [text] : directories.map((directory) => join(directory, text));
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function fromFile(
  name: string,
  path: string,
  load: () => Promise<LoadedMigration>,
): Promise<Migration> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    const reason = (cause as Error).message;
    throw new SquashError('MIGRATION_INVALID', `the migration ${path} can't be read: ${reason}`, {
      hint: 'Knex takes every entry of the folder with such an extension for a migration.',
      cause,
    });
  });
  return { name, path, sha256: sha256(bytes), load };
}

function refuseDuplicates(history: readonly Migration[]): void {
  const seen = new Map<string, Migration>();
  for (const migration of history) {
    const first = seen.get(migration.name);
    if (first !== undefined) throw duplicate(first, migration);
    seen.set(migration.name, migration);
  }
}

function duplicate(first: Migration, second: Migration): SquashError {
  const where = `${first.path ?? 'no file'} and ${second.path ?? 'no file'}`;
  return new SquashError('MIGRATION_DUPLICATE', `two migrations are named "${first.name}": ${where}`, {
    hint: 'The ledger could not tell them apart: rename the one that no database has run.',
  });
}

function emptyHistory({ directories, loadExtensions, migrationSource }: MigrationSettings): SquashError {
  if (migrationSource !== null) {
    return new SquashError('HISTORY_EMPTY', 'the migration source lists no migration', {
      hint: 'Check migrationSource in the knexfile.',
    });
  }
  const folders = directories.join(', ');
  return new SquashError('HISTORY_EMPTY', `no migration (${loadExtensions.join(', ')}) lies in ${folders}`, {
    hint: 'Check migrations.directory and migrations.loadExtensions in the knexfile, or pass --migrations.',
  });
}

function unreadableFolder(directory: string, cause: unknown): SquashError {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  const reason = missing ? "doesn't exist" : `can't be read: ${(cause as Error).message}`;
  return new SquashError('HISTORY_EMPTY', `the migration folder ${directory} ${reason}`, {
    hint: 'Check migrations.directory in the knexfile, or pass --migrations.',
    cause,
  });
}

/** As JavaScript's own sort and lodash's sortBy: by UTF-16 code unit, whatever the locale. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
