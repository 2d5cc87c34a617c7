import { resolve } from 'node:path';
import type { ClientConfig } from 'pg';
import { digestTables, dumpRows } from './backup/driver.js';
import { type Staging, withStaging } from './backup/folder.js';
import { globalsName, readGlobals } from './backup/globals.js';
import { type BackupManifest, catalogName } from './backup/manifest.js';
import { dumpByPgDump } from './backup/pg-dump.js';
import { findPrograms, type Programs, requirePrograms } from './backup/pg-programs.js';
import { readProperties } from './backup/properties.js';
import { restoreScript } from './backup/script.js';
import { readPositions, type Source, withSource } from './backup/source.js';
import { defaultJobs, reporter } from './backup/work.js';
import { fingerprint } from './catalog/fingerprint.js';
import { refuseSecrets } from './catalog/secrets.js';
import { copyMigrations } from './copy-migrations.js';
import type { Queryable } from './database/client.js';
import type { Server } from './database/server.js';
import { SquashError } from './errors.js';
import { ledgerSettings } from './follow/examine.js';
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
  /** Writes the server's roles too, without passwords. */
  readonly globals?: boolean;
  readonly kind?: BackupManifest['kind'];
  readonly onServer?: (server: Server) => void;
  readonly onProgress?: (what: string) => void;
}

/** A backup that was made. */
export interface FullBackup {
  readonly folder: string;
  readonly manifest: BackupManifest;
  /** Why it stands in the place of one by pg_dump, which its own restore has shown to be incomplete. */
  readonly insteadOf?: string;
}

/**
 * Writes a backup of a database, of one moment, and nothing that looks like one where that fails.
 *
 * @throws SquashError OBJECT_UNSUPPORTED, DUMP_FAILED, FILE_UNWRITABLE.
 */
export async function writeBackup(
  settings: Settings,
  target: ClientConfig,
  options: BackupOptions,
): Promise<FullBackup> {
  const backups = options.to === undefined ? settings.backups : resolve(options.to);
  const searchPath = await readSearchPath(target, settings);
  return withSource(target, async (source) => {
    const programs = await chooseEngine(options, source.major);
    if (programs === null) await refuseUncarried(source.client);
    const kind = options.kind ?? 'full';
    const encrypt = settings.encryption?.encrypt ?? null;
    return withStaging(backups, { kind, time: source.time, encrypt }, async (staging) => {
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
      const globals =
        options.globals === true ? [await staging.write(globalsName, await readGlobals(source.client))] : [];
      const files = [...body.files, ...history.files, ...globals, catalog, ignore, readme].sort((a, b) =>
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
