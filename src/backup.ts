import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { ClientConfig } from 'pg';
import { compareRestored, type RestoreDifference } from './backup/compare.js';
import { digestTables, dumpRows, type OnProgress } from './backup/driver.js';
import { type Backup, markVerified, readBackup, type Staging, withStaging } from './backup/folder.js';
import { type BackupManifest, backupNamePattern, catalogName } from './backup/manifest.js';
import { dumpByPgDump } from './backup/pg-dump.js';
import { findPrograms, type Programs, requirePrograms } from './backup/pg-programs.js';
import { readProperties } from './backup/properties.js';
import { restoreInto } from './backup/restore.js';
import { restoreScript } from './backup/script.js';
import { readPositions, type Source, withSource } from './backup/source.js';
import { fingerprint } from './catalog/fingerprint.js';
import { refuseSecrets } from './catalog/secrets.js';
import { copyMigrations } from './copy-migrations.js';
import { type Queryable, withClient } from './database/client.js';
import { type Server, withServer } from './database/server.js';
import { withShadow } from './database/shadow.js';
import { SquashError } from './errors.js';
import { ledgerSettings } from './follow/examine.js';
import { listHistory } from './history/files.js';
import { locateLedger, readRows } from './history/ledger.js';
import { readRevisions } from './history/revision.js';
import { readSearchPath } from './proof/replays.js';
import type { Settings } from './settings/settings.js';
import { toolVersion } from './version.js';

export interface BackupOptions {
  /** By default pg_dump where a client of the server's major is in PG_BIN or on the PATH. */
  readonly engine?: 'driver' | 'pg_dump';
  /** The folder in which it is made; the configured backups by default. */
  readonly to?: string;
  /** Sessions that work side by side. */
  readonly jobs?: number;
  /** Leaves the rows out. */
  readonly schemaOnly?: boolean;
  /** Whether it is restored into a scratch database at once; by default it is. */
  readonly verify?: boolean;
  readonly kind?: BackupManifest['kind'];
  readonly onServer?: (server: Server) => void;
  readonly onProgress?: (what: string) => void;
}

/** A backup that was made. */
export interface FullBackup {
  readonly folder: string;
  readonly manifest: BackupManifest;
}

/**
 * Backs the configured database up, whole and of one moment, and proves the backup by restoring it.
 *
 * @throws SquashError OBJECT_UNSUPPORTED, FILE_UNWRITABLE: nothing is left then; BACKUP_DIFFERS,
 *   RESTORE_FAILED, SHADOW_UNAVAILABLE: the backup is left, unverified.
 */
export async function backupFull(settings: Settings, options: BackupOptions = {}): Promise<FullBackup> {
  return withServer(settings, async (server) => {
    options.onServer?.(server);
    const folder = await dump(settings, server.target, options);
    const backup = await readBackup(folder);
    if (options.verify === false) return { folder, manifest: backup.manifest };
    return { folder, manifest: await verify(server, backup, options) };
  });
}

/**
 * Backs up the migration files, the ledger's rows and the schema of the configured database, and
 * proves the schema by restoring it.
 *
 * @throws SquashError as {@link backupFull}, and HISTORY_EMPTY.
 */
export async function backupMigrations(
  settings: Settings,
  options: Omit<BackupOptions, 'engine' | 'schemaOnly' | 'kind'> = {},
): Promise<FullBackup> {
  await listHistory(settings.migrations);
  return backupFull(settings, { ...options, engine: 'driver', schemaOnly: true, kind: 'migrations' });
}

async function dump(settings: Settings, target: ClientConfig, options: BackupOptions): Promise<string> {
  const backups = options.to === undefined ? settings.backups : resolve(options.to);
  const searchPath = await readSearchPath(target, settings);
  return withSource(target, async (source) => {
    const programs = await chooseEngine(options, source.major);
    if (programs === null) await refuseUncarried(source.client);
    const kind = options.kind ?? 'full';
    return withStaging(backups, kind, source.time, async (staging) => {
      const about = await describe(settings, source, searchPath);
      const history = await copyMigrations(settings, staging);
      const body =
        programs === null
          ? await writeByDriver(target, source, staging, searchPath, options)
          : await writeByPgDump(programs, target, source, staging, searchPath, options);
      const catalog = await staging.write(catalogName, `${JSON.stringify(source.contents.catalog)}\n`);
      // Rows of a database don't belong into git.
      const ignore =
        kind === 'full'
          ? await staging.write('.gitignore', '*\n')
          : await staging.write('.gitattributes', '* -text\n');
      const readme = await staging.write('README.md', readmeOf(body));
      const files = [...body.files, ...history.files, catalog, ignore, readme].sort((a, b) =>
        a.path < b.path ? -1 : 1,
      );
      const { migrations } = history;
      return staging.finish({
        ...{ ...about, ...body, kind, migrations, files },
        schemaOnly: options.schemaOnly === true,
      });
    });
  });
}

async function writeByDriver(
  target: ClientConfig,
  source: Source,
  staging: Staging,
  searchPath: string,
  options: BackupOptions,
) {
  const rows =
    options.schemaOnly === true
      ? { stored: [], digests: [], files: [] }
      : await dumpRows(target, source, {
          folder: staging.folder,
          searchPath,
          jobs: options.jobs ?? defaultJobs(),
          onProgress: reporter(options),
        });
  const sequences = options.schemaOnly === true ? [] : await readPositions(source);
  const { texts, steps } = restoreScript(source.contents, searchPath, rows.stored, sequences);
  const files = [...rows.files];
  for (const [path, text] of texts) files.push(await staging.write(path, text));
  return {
    engine: 'driver' as const,
    format: null,
    tables: rows.digests.map((digest) => ({ ...digest })),
    sequences: sequences.map((position) => ({ ...position })),
    steps: [...steps],
    files,
  };
}

/** pg_dump's programs, or null for our own engine. */
async function chooseEngine({ engine }: BackupOptions, major: number): Promise<Programs | null> {
  if (engine === 'driver') return null;
  return engine === 'pg_dump' ? requirePrograms(major) : findPrograms(major, process.env);
}

async function writeByPgDump(
  programs: Programs,
  target: ClientConfig,
  source: Source,
  { folder, write }: Staging,
  searchPath: string,
  options: BackupOptions,
) {
  options.onProgress?.(`pg_dump ${programs.version}`);
  const { jobs = null, schemaOnly = false } = options;
  const [dumped, digests] = await Promise.allSettled([
    dumpByPgDump(programs, target, source, { folder, jobs, schemaOnly, write }),
    schemaOnly ? [] : digestTables(target, source, { searchPath, jobs: 1 }),
  ]);
  if (dumped.status === 'rejected') throw dumped.reason;
  if (digests.status === 'rejected') throw digests.reason;
  return { ...dumped.value, tables: digests.value.map((digest) => ({ ...digest })) };
}

async function describe(settings: Settings, source: Source, searchPath: string) {
  const { client, version, major, time, contents } = source;
  return {
    formatVersion: 1 as const,
    toolVersion,
    server: { version, major },
    createdAt: time.toISOString(),
    ...(await readHistory(client, settings)),
    fingerprint: fingerprint(contents.catalog),
    searchPath,
    database: await readProperties(client),
    verified: null,
  };
}

/** What the ledger says: its rows, and the revision of the last squash that was adopted. */
async function readHistory(client: Queryable, settings: Settings) {
  const place = await locateLedger(client, ledgerSettings(settings));
  const ledger = place.exists.ledger ? await readRows(client, place) : null;
  const revision = place.exists.revision ? (await readRevisions(client, place)).at(0)?.revision : null;
  return { revision: revision ?? null, ledger: ledger?.map((row) => ({ ...row })) ?? null };
}

/** Secrets in options are kept out of SQL texts, so this engine can't give them back. */
async function refuseUncarried(client: Queryable): Promise<void> {
  await refuseSecrets(client).catch((cause: Error) => {
    throw new SquashError('OBJECT_UNSUPPORTED', `the driver engine backs up no secrets: ${cause.message}`, {
      hint: 'Use --engine pg_dump, whose dump holds them.',
      cause,
    });
  });
}

export interface VerifyOptions extends Pick<BackupOptions, 'jobs' | 'onServer' | 'onProgress'> {}

/**
 * Checks every hash of a backup, restores it into a scratch database and compares catalog, owners,
 * grants, rows and positions; what is equal is marked as verified.
 *
 * @throws SquashError BACKUP_INVALID, BACKUP_DIFFERS, RESTORE_FAILED, SHADOW_UNAVAILABLE.
 */
export async function verifyBackup(
  settings: Settings,
  name: string,
  options: VerifyOptions = {},
): Promise<FullBackup> {
  const backup = await readBackup(backupFolder(settings, name));
  return withServer(settings, async (server) => {
    options.onServer?.(server);
    return { folder: backup.folder, manifest: await verify(server, backup, options) };
  });
}

async function verify(server: Server, backup: Backup, options: VerifyOptions): Promise<BackupManifest> {
  const { manifest, folder } = backup;
  refuseOtherMajor(server, backup);
  const work = { jobs: options.jobs ?? defaultJobs(), onProgress: reporter(options) };
  const differences = await withShadow(server.shadow, { like: manifest.database.locale }, async (scratch) => {
    await restoreInto(scratch, backup, work);
    options.onProgress?.('compare');
    return differencesOf(scratch, backup);
  });
  if (differences.length > 0) throw differs(folder, differences);
  const { rows } = await withClient(server.shadow, (client) =>
    client.query<{ at: Date; version: string }>(
      `SELECT clock_timestamp() AS at, current_setting('server_version') AS version`,
    ),
  );
  const [row] = rows;
  return markVerified(backup, {
    at: row?.at.toISOString() ?? '',
    serverVersion: row?.version ?? '',
    toolVersion,
  });
}

/** In what a restored database is not what the backup says. */
export async function differencesOf(
  restored: ClientConfig,
  { catalog, manifest }: Backup,
): Promise<readonly RestoreDifference[]> {
  return compareRestored(restored, { ...manifest, catalog });
}

/** The major's own catalog is compared, and majors print the same object differently. */
export function refuseOtherMajor({ major, description }: Server, { folder, manifest }: Backup): void {
  if (manifest.server.major === major) return;
  throw new SquashError(
    'SERVER_UNSUPPORTED',
    `${folder} is of PostgreSQL ${manifest.server.major}, and ${description} is ${major}`,
    { hint: 'Restore it on a server of its own major, or by hand: its README.md says how.' },
  );
}

/** A folder by its name among the backups, or by a path. */
export function backupFolder({ backups, root }: Settings, name: string): string {
  return backupNamePattern.test(name) ? resolve(backups, name) : resolve(root, name);
}

export function differs(folder: string, differences: readonly RestoreDifference[]): SquashError {
  const lines = differences.slice(0, 20).map(({ object, detail }) => `\n  ${object}: ${detail}`);
  const more = differences.length > 20 ? `\n  and ${differences.length - 20} more` : '';
  return new SquashError(
    'BACKUP_DIFFERS',
    `what ${folder} restores is not what was backed up:${lines.join('')}${more}`,
    { hint: 'Do not rely on this backup. Please report it, with the objects named above.' },
  );
}

export function defaultJobs(): number {
  return Math.min(4, availableParallelism());
}

export function reporter({ onProgress }: Pick<BackupOptions, 'onProgress'>): OnProgress {
  return ({ table, tables, of, bytes }) =>
    onProgress?.(`${tables} of ${of} tables, ${(bytes / 2 ** 20).toFixed(1)} MB: ${table}`);
}

function readmeOf({ engine, format }: Pick<BackupManifest, 'engine' | 'format'>): string {
  const [programs, command] =
    engine === 'driver'
      ? ['psql and gzip', 'psql -X -d <name> -f restore.sql']
      : [
          'pg_restore',
          `pg_restore --exit-on-error -d <name> ${format === 'custom' ? 'dump.custom' : 'dump'}`,
        ];
  return `# A backup of a whole database

manifest.json lists every file with its sha256, and says when it was made, from which server, and whether
it was proved by a restore. knex-squash restores it: knex-squash restore full --from <this folder>

Without knex-squash, by ${programs} alone, from within this folder:

    createdb --template=template0 <name>      # owner, encoding and locale: "database" in manifest.json
    ${command}

Roles, tablespaces and the packages of extensions must be there. The database's own owner, grants and
settings stand in manifest.json under "database".
`;
}
