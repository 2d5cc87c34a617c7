import { readCatalog } from './catalog/read.js';
import { withClient, withSnapshot } from './database/client.js';
import { type Server, withServer } from './database/server.js';
import { ledgerSettings } from './follow/examine.js';
import { withKnex } from './history/connect.js';
import { locateLedger } from './history/ledger.js';
import {
  listObjectFiles,
  type ObjectFile,
  objectFile,
  objectsFolder,
  sweepObjectFiles,
  writeObjectFile,
} from './objects/files.js';
import { filesOf } from './objects/judge.js';
import { type KeepOptions, type KeptObjects, keepObjects, nothingKept } from './objects/keep.js';
import { filedKinds } from './objects/text.js';
import type { Settings } from './settings/settings.js';

export interface WriteObjectsOptions {
  /** Only say what would be written. */
  readonly dryRun?: boolean;
  readonly onServer?: (server: Server) => void;
}

/** What writing the files of objects did; paths are relative to `folder`. */
export interface WrittenObjects {
  /** Absolute. */
  readonly folder: string;
  readonly written: readonly string[];
  /** Files that say already what the database has. */
  readonly unchanged: readonly string[];
  /** Files without an object in the database: not applied yet, or of one that was dropped. */
  readonly without: readonly string[];
}

/**
 * Writes the views, materialized views, functions, procedures, triggers and policies of the configured
 * database as one file each, and records them as applied. Files that were edited and not applied yet
 * are overwritten, since the database is what counts here.
 *
 * @throws SquashError SERVER_UNREACHABLE, FILE_UNWRITABLE.
 */
export async function writeObjects(
  settings: Settings,
  { dryRun = false, onServer }: WriteObjectsOptions = {},
): Promise<WrittenObjects> {
  const folder = objectsFolder(settings);
  return withServer(settings, async (server) => {
    onServer?.(server);
    const place = await withClient(server.target, (client) => locateLedger(client, ledgerSettings(settings)));
    const { objects } = await withSnapshot(server.target, (client) =>
      readCatalog(client, { ledger: Object.values(place.sql), only: filedKinds, isLenient: true }),
    );
    const there = new Map((await listObjectFiles(settings)).map((file) => [file.path, file.text]));
    const files = filesOf(objects).map(({ path, text }) => objectFile(path, text));
    const changed = files.filter(({ path, text }) => there.get(path) !== text);
    if (!dryRun) {
      await sweepObjectFiles(folder);
      for (const file of changed) await writeObjectFile(folder, file);
      // What the files say now is what the database has: it is recorded, and nothing else happens.
      if (place.exists.ledger) await keepOn(server, settings, {}, files);
    }
    const paths = new Set(files.map(({ path }) => path));
    return {
      folder,
      written: changed.map(({ path }) => path),
      unchanged: files.map(({ path }) => path).filter((path) => !changed.some((file) => file.path === path)),
      without: [...there.keys()].filter((path) => !paths.has(path)),
    };
  });
}

/** Makes the configured database's objects what their files say. @throws as {@link keepObjects} */
export async function keepOn(
  { target }: Pick<Server, 'target'>,
  settings: Settings,
  options: KeepOptions = {},
  files?: readonly ObjectFile[],
): Promise<KeptObjects> {
  const all = files ?? (await listObjectFiles(settings));
  if (all.length === 0 && options.prune !== true) return nothingKept;
  return withKnex(target, settings, (knex) => keepObjects(knex, ledgerSettings(settings), all, options));
}
