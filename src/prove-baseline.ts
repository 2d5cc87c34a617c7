import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import type { Catalog } from './catalog/model.js';
import { changeBetween, databaseOnly } from './cluster/change.js';
import { readSurroundings } from './cluster/surroundings.js';
import { withClient } from './database/client.js';
import { sha256 } from './history/files.js';
import { loadMigration } from './history/load.js';
import type { Migration } from './history/migration.js';
import { replayHistory } from './history/replay.js';
import { proveSame } from './proof/continuation.js';
import type { ProofDifference } from './proof/difference.js';
import { type Proof, prove } from './proof/prove.js';
import { type Replays, serverTime } from './proof/replays.js';
import { surroundingsDifferences } from './proof/surroundings.js';
import { type Trials, tryMutations } from './proof/try-mutations.js';
import { ignoredColumns } from './rows/volatile.js';
import type { Settings } from './settings/settings.js';
import { explainDifferences, explainUnbuildable } from './unbuildable.js';
import type { DraftFile } from './write-baseline.js';

/** The shadows: two that the history built, and an empty one. */
export interface Stage {
  readonly third: ClientConfig;
  /** Whether these lie on servers that nobody else uses. */
  readonly isolated: boolean;
  readonly settings: Settings;
  readonly migrations: readonly Migration[];
  /** Migrations that stay files. */
  readonly later: readonly Migration[];
  readonly apart: number;
  /** Milliseconds for changing objects on purpose; 0 for none. */
  readonly trialsPatience: number;
  readonly replays: Replays;
  readonly progress: (message: string) => void;
}

/** A baseline as it will lie in its folder. */
export interface BaselineFiles {
  readonly name: string;
  readonly fileName: string;
  readonly text: string;
  readonly files: readonly DraftFile[];
}

export interface Proved {
  readonly proof: Proof;
  /** What the baseline built. */
  readonly catalog: Catalog;
  /** What was changed on purpose afterwards, to see whether the comparison would have found it. */
  readonly trials: Trials;
  readonly timings: { readonly baseline: number; readonly proof: number; readonly trials: number };
}

/**
 * Runs the file as a migration on an empty shadow, as any database would, and compares.
 *
 * @param folder an empty folder for the baseline's files.
 */
export async function proveBaseline(stage: Stage, files: BaselineFiles, folder: string): Promise<Proved> {
  const { third, settings, replays, progress } = stage;
  const baseline = await layOut(files, folder);
  progress('build it on a shadow of its own');
  const before = await withClient(third, readSurroundings);
  const start = await serverTime(third);
  const began = performance.now();
  await replayHistory(third, settings, [baseline]).catch(async (error) => {
    throw await explainUnbuildable(replays, error);
  });
  const ran = performance.now() - began;
  progress('compare');
  const window = { start, end: await serverTime(third) };
  const ledger = { ...settings.migrations, searchPath: settings.searchPath };
  const { proof: inside, built } = await prove({ replays, connection: third, window, ledger });
  const beyond = explainDifferences(replays, inside.differences);
  if (beyond !== null) throw beyond;
  const around = changeBetween(before, await withClient(third, readSurroundings));
  const ours = stage.isolated ? around : databaseOnly(around);
  const proof = withDifferences(inside, surroundingsDifferences(replays.surroundings, ours));
  const compared = performance.now() - began - ran;
  const trials =
    proof.equal && stage.trialsPatience > 0 ? await tryChanges(stage, built.catalog) : { tried: [], left: 0 };
  const tried = performance.now() - began - ran - compared;
  return {
    proof: proof.equal ? await continued(stage, baseline, proof) : proof,
    catalog: built.catalog,
    trials,
    timings: { baseline: ran, proof: compared, trials: tried },
  };
}

/** Changes objects of the shadow one by one and takes each change back. */
async function tryChanges(stage: Stage, catalog: Catalog): Promise<Trials> {
  const { third, settings, replays, progress, trialsPatience } = stage;
  progress('change objects on purpose, to see that the comparison finds it');
  const ledger = { ...settings.migrations, searchPath: settings.searchPath };
  return tryMutations(third, catalog, { ledger, searchPath: replays.searchPath }, trialsPatience);
}

function withDifferences(proof: Proof, more: readonly ProofDifference[]): Proof {
  const differences = [...proof.differences, ...more];
  return { ...proof, equal: differences.length === 0, differences };
}

/** Puts a baseline's files into a folder as they will lie among the migrations. */
export async function layOut(
  { name, fileName, text, files }: BaselineFiles,
  folder: string,
): Promise<Migration> {
  const path = join(folder, fileName);
  await writeFile(path, text);
  for (const file of files) await copyFile(file.path, join(folder, file.name));
  return { name, path, sha256: sha256(text), load: () => loadMigration(path) };
}

/** The proof goes on: what comes later runs after both ways, and must lead to the same again. */
async function continued(stage: Stage, baseline: Migration, proof: Proof): Promise<Proof> {
  const { third, settings, migrations, later, replays, progress } = stage;
  const { first, second, searchPath, rows } = replays;
  if (later.length === 0) return proof;
  const go = (shadow: ClientConfig, history: readonly Migration[]) =>
    replayHistory(shadow, settings, [...history, ...later], (step) => progress(`continue with ${step.name}`));
  const began = performance.now();
  await go(first, migrations);
  await sleep(Math.max(0, stage.apart - (performance.now() - began)));
  await go(second, migrations);
  await go(third, [baseline]);
  const { differences } = await proveSame({
    ...{ first, second, other: third, searchPath },
    leftOut: ignoredColumns(rows.decisions),
    ledger: { ...settings.migrations, searchPath: settings.searchPath },
  });
  // Where rows were left out, later migrations find others.
  const counted = differences.filter(
    ({ change }) => rows.leftOut.length === 0 || (change !== 'rows' && change !== 'position'),
  );
  return { ...proof, equal: counted.length === 0, differences: counted };
}
