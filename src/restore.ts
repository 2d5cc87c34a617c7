import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ClientConfig } from 'pg';
import { archiveNamePattern } from './archive/manifest.js';
import { listManifests, readArchive } from './archive/read.js';
import { type RestoredFiles, restoreMigrations as restoreFiles } from './archive/restore.js';
import { recoverSwap } from './archive/swap.js';
import { backupNamePattern } from './backup/manifest.js';
import { isBackup, listBackups } from './backup/read.js';
import { withClient } from './database/client.js';
import { type Server, withServer } from './database/server.js';
import { SquashError } from './errors.js';
import { ledgerSettings } from './follow/examine.js';
import { journalPath, openProject } from './follow/project.js';
import { locateLedger, readLedger } from './history/ledger.js';
import type { LedgerRow } from './history/migration.js';
import { readRevisions } from './history/revision.js';
import { giveLedgerBack } from './ledger-back.js';
import { restoreFromBackup } from './restore-backup-migrations.js';
import type { Settings } from './settings/settings.js';

export interface RestoreOptions {
  /** The archive: its folder's name in the backups, or a path. By default the newest. */
  readonly from?: string;
  /** Asked where nothing was named and there are several, the first of which is what would be taken. */
  readonly choose?: (names: readonly string[]) => Promise<string>;
  readonly dryRun?: boolean;
  readonly onServer?: (server: Server) => void;
}

export interface RestoredMigrations extends Pick<RestoredFiles, 'restored' | 'removed'> {
  /** The archive's folder. */
  readonly archive: string;
  /** The ledger rows that the configured database got back. */
  readonly ledger: readonly LedgerRow[];
}

/**
 * The way back from a squash: the original files byte for byte, and the ledger rows of the configured
 * database with their ids, batches and times. Cut off in between, a rerun does the rest.
 *
 * @throws SquashError ARCHIVE_MISSING, ARCHIVE_INVALID, FILES_CHANGED, FILE_UNWRITABLE, LOCK_TIMEOUT.
 */
export async function restoreMigrations(
  settings: Settings,
  options: RestoreOptions = {},
): Promise<RestoredMigrations> {
  const places = { folders: settings.migrations.directories, journalPath: journalPath(settings) };
  await recoverSwap(places);
  const folder =
    options.from === undefined
      ? await chooseFolder(settings, options.choose)
      : findFolder(settings, options.from);
  if (await isBackup(folder)) return restoreFromBackup(settings, folder, options);
  const { manifest } = await readArchive(folder);
  if (options.dryRun === true) {
    const restored = manifest.files.map(({ originalPath }) => resolve(settings.root, originalPath));
    return { archive: folder, restored, removed: resolve(settings.root, manifest.baseline.path), ledger: [] };
  }
  const { restored, removed } = await restoreFiles({ ...places, archive: folder, root: settings.root });
  const ledger = await withServer(settings, async (server) => {
    options.onServer?.(server);
    return giveLedgerBack(server.target, settings, manifest.revision, manifest.baseline.name, manifest.files);
  });
  return { archive: folder, restored, removed, ledger };
}

/** What `adopt --undo` did. */
export interface UndoneAdoption {
  /** The baseline that the ledger named. */
  readonly baseline: string;
  /** The rows that it got back. */
  readonly ledger: readonly LedgerRow[];
}

/**
 * Gives the ledger of the configured database back as it was before it adopted the baseline, and
 * touches no file: the way back of a squash on every further database. One that the baseline built
 * gets a row for each original.
 *
 * @throws SquashError LEDGER_MISMATCH when the ledger names no baseline that is known, LOCK_TIMEOUT.
 */
export async function undoAdoption(
  settings: Settings,
  { onServer }: Pick<RestoreOptions, 'onServer'> = {},
): Promise<UndoneAdoption> {
  return withServer(settings, async (server) => {
    onServer?.(server);
    const known = [...(await adoptedBaselines(server.target, settings)), ...(await knownBaselines(settings))];
    const rows = await withClient(server.target, (client) => readLedger(client, ledgerSettings(settings)));
    const names = new Set((rows ?? []).map(({ name }) => name));
    const found = known.find(({ name }) => names.has(name));
    if (found === undefined) {
      throw new SquashError(
        'LEDGER_MISMATCH',
        `the ledger of ${server.description} names no baseline that is known here`,
        {
          hint: 'Nothing was written: there is no adoption to undo, or the archive of the squash is missing.',
        },
      );
    }
    const { name, revision, replaces } = found;
    return {
      baseline: name,
      ledger: await giveLedgerBack(server.target, settings, revision, name, replaces),
    };
  });
}

interface KnownBaseline {
  readonly name: string;
  readonly revision: string;
  readonly replaces: readonly { readonly name: string }[];
}

/** By the database's own record, the latest first. */
async function adoptedBaselines(target: ClientConfig, settings: Settings): Promise<readonly KnownBaseline[]> {
  return withClient(target, async (client) => {
    const place = await locateLedger(client, ledgerSettings(settings));
    const revisions = await readRevisions(client, place);
    return revisions.map(({ baseline, revision, replaced }) => ({
      name: baseline,
      revision,
      replaces: replaced,
    }));
  });
}

/** By the project: its own baseline, and those of its archives, the latest first. */
async function knownBaselines(settings: Settings): Promise<readonly KnownBaseline[]> {
  const { baseline } = await openProject(settings);
  const archived = (await listManifests(settings.backups)).flatMap(({ manifest }) =>
    manifest === null
      ? []
      : [{ name: manifest.baseline.name, revision: manifest.revision, replaces: manifest.files }],
  );
  return baseline === null ? archived : [baseline, ...archived];
}

function findFolder({ backups, root }: Settings, from: string): string {
  return archiveNamePattern.test(from) || backupNamePattern.test(from)
    ? join(backups, from)
    : resolve(root, from);
}

/**
 * The archive whose baseline lies among the migrations, where there is one: its squash is what can be undone.
 * Then the other archives, then the backups that hold migrations, each the latest first.
 */
async function chooseFolder({ backups, root }: Settings, choose: RestoreOptions['choose']): Promise<string> {
  const archives = await listManifests(backups);
  const present = archives.find(
    ({ manifest }) => manifest !== null && existsSync(resolve(root, manifest.baseline.path)),
  );
  const others = (await listBackups(backups)).filter(
    ({ manifest }) => (manifest?.migrations.length ?? 0) > 0,
  );
  const found = [present, ...archives.filter((each) => each !== present), ...others];
  const names = found.flatMap((each) => each?.name ?? []);
  const [first] = names;
  if (first === undefined) {
    throw new SquashError('ARCHIVE_MISSING', `no archive lies in ${backups}`, {
      hint: 'Pass --from with the folder that the squash made, or --backups with the folder that holds it.',
    });
  }
  const chosen = names.length > 1 && choose !== undefined ? await choose(names) : first;
  return join(backups, chosen);
}
