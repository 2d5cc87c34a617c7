import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findManifest } from '../archive/read.js';
import { flawsOfRowsFiles } from '../archive/rows-files.js';
import { recoverSwap } from '../archive/swap.js';
import { revisionOf } from '../baseline/revision.js';
import { SquashError } from '../errors.js';
import { type BaselineFile, listBaselines } from '../history/baselines.js';
import { listHistory, sha256 } from '../history/files.js';
import { allNames, findReplaced } from '../history/lineage.js';
import type { Migration } from '../history/migration.js';
import { spellAs, stemOf } from '../history/spelling.js';
import type { Flaw } from '../history/state.js';
import { listObjectFiles } from '../objects/files.js';
import type { Settings } from '../settings/settings.js';

/** The migrations of a project, and the baseline among them. */
export interface Project {
  readonly settings: Settings;
  readonly history: readonly Migration[];
  readonly baseline: BaselineFile | null;
  /** Paths of the files of objects, below their folder. */
  readonly objectFiles: ReadonlySet<string>;
  /** Files that aren't what the baseline or its archive say they are. */
  readonly flaws: readonly Flaw[];
}

/** Where a swap of files keeps its journal. */
export function journalPath({ stateDirectory }: Pick<Settings, 'stateDirectory'>): string {
  return join(stateDirectory, 'swap.json');
}

/**
 * Lists the migrations, after a swap of files that was cut off has been completed or undone.
 *
 * @throws SquashError HISTORY_EMPTY, MIGRATION_DUPLICATE, FILES_CHANGED, BASELINE_INVALID when two
 *   baselines stand side by side.
 */
export async function openProject(settings: Settings): Promise<Project> {
  await recoverSwap({ folders: settings.migrations.directories, journalPath: journalPath(settings) });
  const history = await listHistory(settings.migrations);
  const baseline = headOf(await listBaselines(history));
  const objectFiles = new Set((await listObjectFiles(settings)).map(({ path }) => path));
  if (baseline === null) return { settings, history, baseline, objectFiles, flaws: [] };
  const flaws = [
    ...leftovers(history, baseline, settings),
    ...(await editsOf(baseline, settings)),
    ...(await flawsOfRowsFiles(baseline)),
  ];
  return { settings, history, baseline, objectFiles, flaws };
}

/** The project by the names that this ledger has for its migrations, where the settings ask for that. */
export function asSpeltIn(project: Project, ledger: readonly { readonly name: string }[]): Project {
  const { sameName } = project.settings.migrations;
  return sameName === 'exact' ? project : { ...project, ...spellAs(project, ledger) };
}

/** The baseline that no other one replaces. */
function headOf(baselines: readonly BaselineFile[]): BaselineFile | null {
  const heads = baselines.filter(
    ({ name }) => !baselines.some(({ replaces }) => findReplaced(replaces, name) !== null),
  );
  if (heads.length <= 1) return heads[0] ?? null;
  const names = heads.map(({ name }) => name).join(' and ');
  throw new SquashError('BASELINE_INVALID', `two baselines stand side by side: ${names}`, {
    hint: 'A database can begin with one only: put the originals of one back with knex-squash restore migrations --from <its archive>, then squash again.',
  });
}

/** Replaced files that lie in the folders again, as after a merge with a branch that had edited one. */
function leftovers(
  history: readonly Migration[],
  { name: baseline, replaces }: BaselineFile,
  { migrations }: Settings,
): readonly Flaw[] {
  const key = (name: string): string => (migrations.sameName === 'exact' ? name : stemOf(name));
  const replaced = new Map(allNames(replaces).map((name) => [key(name), name]));
  return history.flatMap(({ name, sha256: found }): readonly Flaw[] => {
    const recorded = name === baseline ? undefined : replaced.get(key(name));
    if (recorded === undefined) return [];
    const isSame = findReplaced(replaces, recorded)?.sha256 === found;
    const reason = isSame
      ? 'lies beside the baseline that replaces it'
      : `was edited after ${baseline} had replaced it`;
    return [{ name, reason }];
  });
}

/** What was altered in the baseline itself: its metadata fit each other, and its archive knows its bytes. */
async function editsOf(
  { name, path, revision, replaces, fingerprints, rows, sha256: found }: BaselineFile,
  { backups }: Settings,
): Promise<readonly Flaw[]> {
  const claimed = revisionOf({ replaces, fingerprint: fingerprints.history, rowsDigest: rows.digest });
  if (claimed !== revision) return [{ name, reason: 'has metadata that were edited' }];
  const manifest = await findManifest(backups, revision);
  // Built by another tool it has other bytes and the same metadata.
  if (manifest === null || !path.endsWith(manifest.baseline.path.split('/').at(-1) ?? '')) return [];
  if (
    [found, sha256((await readFile(path, 'utf8')).replaceAll('\r\n', '\n'))].includes(
      manifest.baseline.sha256,
    )
  ) {
    return [];
  }
  return [{ name, reason: 'was edited: its archive knows it otherwise' }];
}
