import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
import { listBaselines } from './history/baselines.js';
import { sha256 } from './history/files.js';
import { ledgerTables } from './history/ledger.js';
import type { Replaced } from './history/lineage.js';
import { loadMigration } from './history/load.js';
import type { Migration } from './history/migration.js';
import { moduleFormat } from './history/module-format.js';
import { replayHistory } from './history/replay.js';
import { proveSame } from './proof/continuation.js';
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
  /** Migrations that stay files: they must lead to the same after the history and after the baseline. */
  readonly later?: readonly Migration[];
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
  { progress = () => {}, apart = replaysApart, later = [] }: DraftOptions = {},
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
      const written = write(settings, migrations, await replacedBy(migrations), replays);
      const render = performance.now() - began - history;
      const proved = await withShadow(server.shadow, options, (third) =>
        proveText(
          { first, second, third, settings, migrations, later, apart, replays, progress },
          { ...written, text: written.text(unknownFingerprint) },
        ),
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
export async function likeTarget(target: ClientConfig): Promise<ShadowOptions> {
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

/** What a baseline stands for; what an earlier baseline stood for stays known. */
async function replacedBy(migrations: readonly Migration[]): Promise<Replaced[]> {
  const baselines = new Map((await listBaselines(migrations)).map((baseline) => [baseline.name, baseline]));
  return migrations.map(({ name, sha256: hash }) => {
    const { revision, replaces } = baselines.get(name) ?? {};
    return { name, sha256: hash, ...(replaces === undefined ? {} : { revision, replaces }) };
  });
}

function write(
  settings: Settings,
  migrations: readonly Migration[],
  replaces: Replaced[],
  replays: Replays,
): Written {
  const { history, rulings, steadyDigests } = replays;
  const [first] = migrations;
  if (first === undefined) throw new SquashError('HISTORY_EMPTY', 'there is no migration to squash');
  const rowsDigest = digestOfRows(steadyDigests);
  const print = fingerprint(history.catalog);
  const revision = revisionOf({ replaces, fingerprint: print, rowsDigest });
  const { tableName, schemaName } = settings.migrations;
  const sql = buildSql({
    ...replays,
    catalog: history.catalog,
    tables: history.tables,
    sequences: history.sequences,
    ledger: {
      tables: Object.values(ledgerTables({ tableName })),
      revision: ledgerTables({ tableName }).revision,
      schema: schemaName,
    },
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
  return at < 0 || path === null
    ? fileName
    : name.slice(0, at) + stem(fileName) + name.slice(at + original.length);
}

interface Proved {
  readonly proof: Proof;
  readonly catalog: Catalog;
  readonly timings: Pick<Timings, 'baseline' | 'proof'>;
}

/** The shadows: two that the history built, and an empty one. */
interface Stage extends Pick<Required<DraftOptions>, 'later' | 'apart' | 'progress'> {
  readonly first: ClientConfig;
  readonly second: ClientConfig;
  readonly third: ClientConfig;
  readonly settings: Settings;
  readonly migrations: readonly Migration[];
  readonly replays: Replays;
}

/** Runs the file as a migration on an empty shadow, as any database would, and compares. */
async function proveText(
  stage: Stage,
  { name, fileName, text }: { readonly name: string; readonly fileName: string; readonly text: string },
): Promise<Proved> {
  const { third, settings, replays, progress } = stage;
  const folder = await mkdtemp(join(tmpdir(), 'knex-squash-'));
  try {
    const path = join(folder, fileName);
    await writeFile(path, text);
    const baseline = { name, path, sha256: sha256(text), load: () => loadMigration(path) };
    progress('build it on a shadow of its own');
    const began = performance.now();
    await replayHistory(third, settings, [baseline]);
    const ran = performance.now() - began;
    progress('compare');
    const ledger = { ...settings.migrations, searchPath: settings.searchPath };
    const reading = { ledger, searchPath: replays.searchPath };
    const built = await observe(third, reading, ignoredColumns(replays.rulings));
    const proof = await prove({ ...replays, baseline: built, connection: third, ledger });
    return {
      proof: proof.equal ? await continued(stage, baseline, proof) : proof,
      catalog: built.catalog,
      timings: { baseline: ran, proof: performance.now() - began - ran },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The proof goes on: what comes later runs after both ways, and must lead to the same again. */
async function continued(stage: Stage, baseline: Migration, proof: Proof): Promise<Proof> {
  const { first, second, third, settings, migrations, later, replays, progress } = stage;
  if (later.length === 0) return proof;
  const go = (shadow: ClientConfig, history: readonly Migration[]) =>
    replayHistory(shadow, settings, [...history, ...later], (step) => progress(`continue with ${step.name}`));
  const began = performance.now();
  await go(first, migrations);
  await sleep(Math.max(0, stage.apart - (performance.now() - began)));
  await go(second, migrations);
  await go(third, [baseline]);
  const { equal, differences } = await proveSame({
    first,
    second,
    other: third,
    leftOut: ignoredColumns(replays.rulings),
    ledger: { ...settings.migrations, searchPath: settings.searchPath },
    searchPath: replays.searchPath,
  });
  return { ...proof, equal, differences };
}
