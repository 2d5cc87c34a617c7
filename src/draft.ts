import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import type { ClientConfig } from 'pg';
import { buildSql } from './baseline/build.js';
import type { BaselineMetadata } from './baseline/metadata.js';
import { renderBaseline } from './baseline/render.js';
import { baselineName, revisionOf } from './baseline/revision.js';
import { fingerprint } from './catalog/fingerprint.js';
import type { Catalog } from './catalog/model.js';
import { withClient } from './database/client.js';
import { readLocale } from './database/locale.js';
import type { Server } from './database/server.js';
import { type ShadowOptions, withShadow } from './database/shadow.js';
import { SquashError } from './errors.js';
import { sha256 } from './history/files.js';
import { ledgerTables } from './history/ledger.js';
import { loadMigration } from './history/load.js';
import type { Migration } from './history/migration.js';
import { moduleFormat } from './history/module-format.js';
import { replayHistory } from './history/replay.js';
import { digestOfRows, observe } from './proof/observe.js';
import { type Proof, prove } from './proof/prove.js';
import { type Replays, replayTwice } from './proof/replays.js';
import { ignoredColumns } from './rows/volatile.js';
import type { Settings } from './settings/settings.js';
import { toolVersion } from './version.js';

/** A stage that has begun or a migration that was replayed: what a progress display shows. */
export type Progress = (message: string) => void;

export interface DraftOptions {
  readonly progress?: Progress;
  /** Milliseconds between the starts of the two replays; by default so many that a time cut to seconds differs. */
  readonly apart?: number;
}

const replaysApart = 1100;

/** A baseline that was built and compared, and has not been written anywhere. */
export interface Draft {
  /** Its name in the ledger. */
  readonly name: string;
  /** Its file's name, in the folder of the first replaced file. */
  readonly fileName: string;
  readonly text: string;
  readonly metadata: BaselineMetadata;
  readonly proof: Proof;
  readonly replays: Replays;
  /** The catalog that the baseline built. */
  readonly built: Catalog;
  /** Milliseconds by stage. */
  readonly timings: Timings;
}

export interface Timings {
  /** One replay of the history, nothing else counted. */
  readonly replay: number;
  /** Both replays, and reading what they built. */
  readonly history: number;
  /** Planning and writing. */
  readonly render: number;
  /** The baseline's own run on an empty database. */
  readonly baseline: number;
  /** Reading what it built, and comparing. */
  readonly proof: number;
}

/**
 * Replays migrations, writes their baseline, builds it on a shadow of its own and compares. Nothing
 * but shadows is touched.
 *
 * @throws SquashError of any stage; a proof that fails is no error here but stands in the result.
 */
export async function draftBaseline(
  server: Pick<Server, 'shadow' | 'target'>,
  settings: Settings,
  migrations: readonly Migration[],
  { progress = () => {}, apart = replaysApart }: DraftOptions = {},
): Promise<Draft> {
  const options = await likeTarget(server.target);
  return withShadow(server.shadow, options, (first) =>
    withShadow(server.shadow, options, async (second) => {
      const began = performance.now();
      const replays = await replayTwice({ first, second, settings, migrations, apart }, ({ name }, replay) =>
        progress(`replay ${replay} of 2: ${name}`),
      );
      const history = performance.now() - began;
      progress('write the baseline');
      const written = write(settings, migrations, replays);
      const render = performance.now() - began - history;
      const proved = await withShadow(server.shadow, options, (third) =>
        proveText(third, settings, replays, { ...written, text: written.text(unknownFingerprint) }, progress),
      );
      const { proof, catalog, timings } = proved;
      const built = fingerprint(catalog);
      return {
        name: written.name,
        fileName: written.fileName,
        text: written.text(built),
        metadata: written.metadata(built),
        proof,
        replays,
        built: catalog,
        timings: { replay: replays.replayMilliseconds, history, render, ...timings },
      };
    }),
  );
}

/** What stands in the metadata until the baseline has been built. */
const unknownFingerprint = '0'.repeat(64);

/** Shadows are made with the configured database's encoding and locale, where it exists. */
async function likeTarget(target: ClientConfig): Promise<ShadowOptions> {
  try {
    return { like: await withClient(target, readLocale) };
  } catch {
    // A database that isn't there yet has no locale to follow.
    return {};
  }
}

interface Written {
  readonly name: string;
  readonly fileName: string;
  readonly metadata: (built: string) => BaselineMetadata;
  readonly text: (built: string) => string;
}

function write(settings: Settings, migrations: readonly Migration[], replays: Replays): Written {
  const { history, rulings, steadyDigests } = replays;
  const [first] = migrations;
  if (first === undefined) throw new SquashError('HISTORY_EMPTY', 'there is no migration to squash');
  const replaces = migrations.map(({ name, sha256: hash }) => ({ name, sha256: hash }));
  const rowsDigest = digestOfRows(steadyDigests);
  const print = fingerprint(history.catalog);
  const revision = revisionOf({ replaces, fingerprint: print, rowsDigest });
  const { tableName, schemaName } = settings.migrations;
  const sql = buildSql({
    ...replays,
    catalog: history.catalog,
    tables: history.tables,
    sequences: history.sequences,
    ledger: { tables: Object.values(ledgerTables({ tableName })), schema: schemaName },
  });
  const metadata = (built: string): BaselineMetadata => ({
    formatVersion: 1,
    revision,
    replaces,
    fingerprints: { history: print, baseline: built },
    rows: {
      tables: steadyDigests.length,
      rows: steadyDigests.reduce((sum, { rows }) => sum + rows, 0),
      digest: rowsDigest,
    },
    volatile: [...rulings],
    serverMajor: history.catalog.major,
    toolVersion,
  });
  const fileName = baselineName(basename(first.path ?? first.name), revision);
  return {
    name: ledgerName(first, fileName),
    fileName,
    metadata,
    text: (built) => renderBaseline({ metadata: metadata(built), ...sql, format: moduleFormat(first) }),
  };
}

/** Some sources leave out the extension or give another, or add a folder: the baseline is named as the first file is. */
function ledgerName({ name, path }: Migration, fileName: string): string {
  const stem = (file: string): string => file.slice(0, file.length - extname(file).length);
  const original = stem(basename(path ?? name));
  const at = name.lastIndexOf(original);
  return at < 0 || path === null ? fileName : name.slice(0, at) + stem(fileName) + name.slice(at + original.length);
}

interface Proved {
  readonly proof: Proof;
  readonly catalog: Catalog;
  readonly timings: Pick<Timings, 'baseline' | 'proof'>;
}

/** Runs the file as a migration on an empty shadow, as any database would, and compares. */
async function proveText(
  connection: ClientConfig,
  settings: Settings,
  replays: Replays,
  { name, fileName, text }: { readonly name: string; readonly fileName: string; readonly text: string },
  progress: Progress,
): Promise<Proved> {
  const folder = await mkdtemp(join(tmpdir(), 'knex-squash-'));
  try {
    const path = join(folder, fileName);
    await writeFile(path, text);
    progress('build it on a shadow of its own');
    const began = performance.now();
    await replayHistory(connection, settings, [
      { name, path, sha256: sha256(text), load: () => loadMigration(path) },
    ]);
    const baseline = performance.now() - began;
    progress('compare');
    const ledger = { ...settings.migrations, searchPath: settings.searchPath };
    const reading = { ledger, searchPath: replays.searchPath };
    const built = await observe(connection, reading, ignoredColumns(replays.rulings));
    const proof = await prove({ ...replays, baseline: built, connection, ledger });
    return {
      proof,
      catalog: built.catalog,
      timings: { baseline, proof: performance.now() - began - baseline },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
