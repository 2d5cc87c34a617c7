import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { types } from 'node:util';
import { createJiti, type Jiti } from 'jiti';
import type { Knex } from 'knex';
import { isSquashError, SquashError } from '../errors.js';
import { movedImports } from './imports.js';
import type { LoadedMigration } from './migration.js';
import { withCallableNamespaces } from './namespaces.js';

const require = createRequire(import.meta.url);

/** Jest runs modules in a sandbox of its own, where only jiti loads what Jest doesn't know of. */
const isUnderJest = process.env.JEST_WORKER_ID !== undefined;

const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript);

/** What Node's type stripping can't do and jiti can: enums, and imports without an extension. */
const jitiCanHelp = new Set([
  'ERR_MODULE_NOT_FOUND',
  'MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
]);

const typeScript = /\.[cm]?ts$/;

let loads = 0;

/**
 * Loads a migration anew: its own module is evaluated again at each call, what it imports is not.
 * JavaScript loads as Knex would load it (knex/lib/migrations/util/import-file.js), TypeScript by
 * Node where Node can, else by jiti.
 *
 * @param path absolute path of the file.
 * @throws SquashError MIGRATION_INVALID when the file is empty, doesn't parse (with line and column),
 *   throws while it loads, or exports no function `up`.
 */
export async function loadMigration(path: string): Promise<LoadedMigration> {
  const source = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SquashError('MIGRATION_INVALID', `${path} can't be read: ${messageOf(cause)}`, { cause });
  });
  return checked(source, path, () => importAnew(path, source));
}

/** A migration's text that isn't, or no longer, in its file. */
export interface MovedSource {
  readonly source: string;
  /** Absolute path where it lay: its imports are resolved from there, where nothing of it is read. */
  readonly path: string;
  /** What messages call it. */
  readonly origin: string;
  /** Files that it may import and that have moved with it: absolute paths by where they lay. */
  readonly moved: ReadonlyMap<string, string>;
}

/** As {@link loadMigration} for a text that has moved. */
export async function loadMovedMigration(from: MovedSource): Promise<LoadedMigration> {
  const { source, path, origin, moved } = from;
  return checked(source, origin, () => evaluate(source, path, movedImports(source, path, moved)));
}

async function checked(
  source: string,
  origin: string,
  load: () => Promise<unknown>,
): Promise<LoadedMigration> {
  if (source.trim() === '') {
    throw new SquashError('MIGRATION_INVALID', `${origin} is empty`, {
      hint: 'Write its `up` and `down`, or remove the file if no database has run it.',
    });
  }
  try {
    return asMigration(await load(), origin);
  } catch (error) {
    throw isSquashError(error) ? error : unloadable(error, origin, source);
  }
}

/**
 * The migration that a module exports: the module itself, as Knex takes it, or its default export,
 * which is where an import of a CommonJS or transpiled module leaves it.
 *
 * @throws SquashError MIGRATION_INVALID when none of them has a function `up`; it names `origin`.
 */
export function asMigration(loaded: unknown, origin: string): LoadedMigration {
  const inner = (loaded as { default?: unknown } | null | undefined)?.default;
  const innermost = (inner as { default?: unknown } | null | undefined)?.default;
  const found = [loaded, inner, innermost].find(hasUp);
  if (found !== undefined) return found;
  throw new SquashError('MIGRATION_INVALID', `${origin} exports no function \`up\``, {
    hint: 'A migration exports `up(knex)` and `down(knex)`; move other files out of the folder.',
  });
}

/** A module that exports `seed(knex)`, as Knex's seeds do. */
export interface LoadedSeed {
  seed(knex: Knex): Promise<unknown>;
}

/** Loads one of Knex's seeds as {@link loadMigration} does a migration. @throws Error when it exports none. */
export async function loadSeed(path: string): Promise<LoadedSeed> {
  const loaded: unknown = await importAnew(path, await readFile(path, 'utf8'));
  const inner = (loaded as { default?: unknown } | null)?.default;
  const found = [loaded, inner].find(
    (each) => typeof (each as Partial<LoadedSeed> | null)?.seed === 'function',
  );
  if (found !== undefined) return found as LoadedSeed;
  throw new SquashError('MIGRATION_INVALID', `${path} exports no function \`seed\``);
}

// By typeof: a function from another realm, as under Jest, is no instance of our Function.
function hasUp(candidate: unknown): candidate is LoadedMigration {
  return typeof (candidate as { up?: unknown } | null | undefined)?.up === 'function';
}

async function importAnew(path: string, source: string): Promise<unknown> {
  const isTypeScript = typeScript.test(path);
  const isForJiti = !stripsTypes || withCallableNamespaces(source) !== source;
  if (isUnderJest || (isTypeScript && isForJiti)) return evaluate(source, path);
  try {
    return await importNatively(path);
  } catch (error) {
    if (isTypeScript && jitiCanHelp.has((error as NodeJS.ErrnoException).code ?? '')) {
      return evaluate(source, path);
    }
    throw error;
  }
}

async function importNatively(path: string): Promise<unknown> {
  const importAgain = () => import(`${pathToFileURL(path).href}?load=${++loads}`);
  if (await isModule(path)) return importAgain();
  delete require.cache[path];
  const loaded: unknown = require(path);
  // Node took it for an ES module by its syntax, and keeps those where no cache can be cleared.
  return types.isModuleNamespaceObject(loaded) ? importAgain() : loaded;
}

async function evaluate(
  source: string,
  filename: string,
  alias: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const text = typeScript.test(filename) ? withCallableNamespaces(source) : source;
  return jitiFor(dirname(filename), alias).evalModule(text, {
    filename,
    id: filename,
    ext: extname(filename),
    async: true,
    // Else jiti imports plain JavaScript from `filename`: stale, or another file's text.
    forceTranspile: true,
  });
}

const instances = new Map<string, Jiti>();

/** One instance a folder and its aliases: it resolves imports and tsconfig paths from there. */
function jitiFor(folder: string, alias: Readonly<Record<string, string>> = {}): Jiti {
  const key = JSON.stringify([folder, alias]);
  const known = instances.get(key);
  if (known !== undefined) return known;
  const options = { interopDefault: true, tsconfigPaths: true, alias: { ...alias } };
  const created = createJiti(join(folder, '/'), options);
  instances.set(key, created);
  return created;
}

/** Whether Node takes a file for an ES module: by its extension, else by the nearest package.json. */
async function isModule(path: string): Promise<boolean> {
  const extension = extname(path);
  if (extension === '.mjs' || extension === '.mts') return true;
  if (extension === '.cjs' || extension === '.cts') return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null);
    if (text !== null) return (JSON.parse(text) as { type?: unknown }).type === 'module';
    if (folder === dirname(folder)) return false;
  }
}

function unloadable(cause: unknown, path: string, source: string): SquashError {
  const flaw = findSyntaxError(path, source);
  if (flaw === null) {
    return new SquashError('MIGRATION_INVALID', `${path} can't be loaded: ${messageOf(cause)}`, {
      hint: 'Check what it imports, and what it does outside of `up` and `down`.',
      cause,
    });
  }
  const place = `${path}:${flaw.line}:${flaw.column}`;
  return new SquashError('MIGRATION_INVALID', `${place} isn't valid: ${flaw.message}`, {
    hint: 'Put the file right, or take it back from version control.',
    cause,
  });
}

/** Where a source breaks, line and column from 1; Node alone doesn't tell it of an ES module. */
function findSyntaxError(
  path: string,
  source: string,
): { line: number; column: number; message: string } | null {
  const ts = typeScript.test(path);
  const code = jitiFor(dirname(path)).transform({ source, filename: path, ts, async: true });
  const report = /^exports\.__JITI_ERROR__ = (\{.*\})/.exec(code)?.[1];
  if (report === undefined) return null;
  const { line, column, message } = JSON.parse(report) as { line: number; column: number; message: string };
  return { line, column: column + 1, message: message.trim() };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String((error as { message?: unknown })?.message ?? error);
}
