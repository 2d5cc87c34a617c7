import { basename, extname } from 'node:path';
import { buildSql } from './baseline/build.js';
import type { BaselineMetadata } from './baseline/metadata.js';
import { renderBaseline } from './baseline/render.js';
import { baselineName, revisionOf } from './baseline/revision.js';
import { namesOfRowsFiles } from './baseline/rows-files.js';
import { fingerprint } from './catalog/fingerprint.js';
import { SquashError } from './errors.js';
import { listBaselines } from './history/baselines.js';
import { ledgerTables } from './history/ledger.js';
import type { Replaced } from './history/lineage.js';
import type { Migration } from './history/migration.js';
import { moduleFormat } from './history/module-format.js';
import { digestOfRows } from './proof/observe.js';
import type { Replays } from './proof/replays.js';
import type { CarriedRows } from './rows/carry.js';
import { told } from './rows/volatile.js';
import type { Settings } from './settings/settings.js';
import { toolVersion } from './version.js';

/** A baseline's text, but for the fingerprint of what it builds, which only its run can tell. */
export interface WrittenBaseline {
  /** Its name in the ledger. */
  readonly name: string;
  /** Its file's name, in the folder of the first replaced file. */
  readonly fileName: string;
  /** Files of rows that belong beside it, where they lie for the time being. */
  readonly files: readonly DraftFile[];
  readonly metadata: (built: string) => BaselineMetadata;
  readonly text: (built: string) => string;
}

export interface DraftFile {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

/** What the history built, as the text of a migration. @throws SquashError CYCLE_UNSPLITTABLE */
export async function writeBaseline(
  settings: Settings,
  migrations: readonly Migration[],
  replays: Replays,
): Promise<WrittenBaseline> {
  const { history, rows, searchPath, surroundings } = replays;
  const [first] = migrations;
  if (first === undefined) throw new SquashError('HISTORY_EMPTY', 'there is no migration to squash');
  const replaces = await replacedBy(migrations);
  const print = fingerprint(history.catalog);
  const digest = digestOfRows(rows.steadyDigests);
  const revision = revisionOf({ replaces, fingerprint: print, rowsDigest: digest });
  const fileName = baselineName(basename(first.path ?? first.name), revision);
  const fileNames = namesOfRowsFiles(stemOf(fileName), rows.files);
  const { tableName, schemaName } = settings.migrations;
  const sql = buildSql({
    ...history,
    rows,
    fileNames,
    searchPath,
    surroundings,
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
    rows: rowsMetadata(rows, digest, fileNames),
    volatile: rows.decisions.map(told),
    unstable: [...replays.unstable],
    serverMajor: history.catalog.major,
    toolVersion,
  });
  return {
    name: ledgerName(first, fileName),
    fileName,
    files: rows.files.map(({ table, path, sha256 }) => ({
      name: fileNames.get(table.id) ?? '',
      path,
      sha256,
    })),
    metadata,
    text: (built) => renderBaseline({ metadata: metadata(built), ...sql, format: moduleFormat(first) }),
  };
}

function rowsMetadata(
  { steadyDigests, leftOut, files }: CarriedRows,
  digest: string,
  names: ReadonlyMap<string, string>,
): BaselineMetadata['rows'] {
  return {
    tables: steadyDigests.length,
    rows: steadyDigests.reduce((sum, { rows }) => sum + rows, 0),
    digest,
    leftOut: [...leftOut],
    files: files.map(({ table, rows, sha256 }) => ({
      table: table.id,
      file: names.get(table.id) ?? '',
      rows,
      sha256,
    })),
  };
}

/** What a baseline stands for; what an earlier baseline stood for stays known. */
async function replacedBy(migrations: readonly Migration[]): Promise<Replaced[]> {
  const baselines = new Map((await listBaselines(migrations)).map((baseline) => [baseline.name, baseline]));
  return migrations.map(({ name, sha256 }) => {
    const { revision, replaces } = baselines.get(name) ?? {};
    return { name, sha256, ...(replaces === undefined ? {} : { revision, replaces }) };
  });
}

/** Some sources leave out the extension or give another, or add a folder: the baseline is named as the first file is. */
function ledgerName({ name, path }: Migration, fileName: string): string {
  const original = stemOf(basename(path ?? name));
  const at = name.lastIndexOf(original);
  return at < 0 || path === null
    ? fileName
    : name.slice(0, at) + stemOf(fileName) + name.slice(at + original.length);
}

function stemOf(file: string): string {
  return file.slice(0, file.length - extname(file).length);
}
