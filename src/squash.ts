import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type AdoptionOutcome, refusalOf } from './adopt/outcome.js';
import type { Archive } from './archive/read.js';
import { rowsFilesOf } from './archive/rows-files.js';
import { swapFiles } from './archive/swap.js';
import { writeArchive } from './archive/write.js';
import { attachmentsOf, fromRoot } from './attachments.js';
import type { BaselineMetadata } from './baseline/metadata.js';
import { parseBaseline } from './baseline/parse.js';
import { withClient } from './database/client.js';
import { type Server, withServer } from './database/server.js';
import { type Draft, type Progress, type Timings, withDraft } from './draft.js';
import { SquashError } from './errors.js';
import { ensureReadme } from './files/staging.js';
import { follow } from './follow/follow.js';
import { journalPath, openProject, type Project } from './follow/project.js';
import { listBaselines } from './history/baselines.js';
import { sha256 } from './history/files.js';
import { importedOf } from './history/imports.js';
import { readLedger } from './history/ledger.js';
import type { LedgerRow, Migration } from './history/migration.js';
import type { Proof } from './proof/prove.js';
import type { Trials } from './proof/try-mutations.js';
import type { Settings } from './settings/settings.js';
import { type Verification, verifyByCommand } from './verify.js';
import { toolVersion } from './version.js';

export interface SquashOptions {
  /** Do everything but write. */
  readonly dryRun?: boolean;
  /** Leave the configured database's ledger as it is. */
  readonly adopt?: boolean;
  /** The last migration to replace; those after it stay files. By default all are replaced. */
  readonly to?: string;
  /** Try every change that the proof must see, however long that takes. */
  readonly report?: boolean;
  /** A command that must succeed on a database which the baseline built, before any file is swapped. */
  readonly verify?: Verification;
  readonly progress?: Progress;
  /** Told once, before anything else: which server is used. */
  readonly onServer?: (server: Server) => void;
}

/** A history that has become one baseline. */
export interface Squashed {
  readonly kind: 'squashed';
  readonly revision: string;
  /** Path of the baseline, relative to the project, with `/`. */
  readonly baseline: string;
  /** Names of the replaced migrations, in order. */
  readonly replaces: readonly string[];
  /** The archive's folder, relative to the project; null after a dry run. */
  readonly archive: string | null;
  readonly proof: Proof;
  /** Objects that were changed on purpose, and whether the comparison found it. */
  readonly trials: Trials;
  /** The rows that it carries, and those that were left out. */
  readonly rows: BaselineMetadata['rows'];
  /** Columns that differ each time the history runs, and what it does with them. */
  readonly volatile: BaselineMetadata['volatile'];
  /** What became of the configured database; null where it was not asked for. */
  readonly adoption: AdoptionOutcome | { readonly kind: 'unreachable'; readonly message: string } | null;
  /** Milliseconds. */
  readonly timings: Timings & { readonly total: number };
  readonly text: string;
}

/** There is only a baseline, so there is nothing to do. */
export interface NothingToSquash {
  readonly kind: 'nothing to squash';
  readonly baseline: string;
  readonly revision: string;
}

/**
 * Replaces the history by one proved baseline: replay, render, prove, archive, swap files, adopt.
 * Until the proof holds nothing is written; afterwards all that was done can be undone.
 *
 * @throws SquashError of any stage; PROOF_FAILED names every difference. Working tree, ledger and
 *   database are as before then.
 */
export async function squash(
  settings: Settings,
  options: SquashOptions = {},
): Promise<Squashed | NothingToSquash> {
  const began = performance.now();
  const { history, later } = divide(await openProject(settings), options.to);
  const lone = await loneBaseline(history);
  if (lone !== null) return lone;
  refuseUnwritable(history);
  await refuseImports(history, later);
  return withServer(settings, async (server) => {
    options.onServer?.(server);
    const { progress } = options;
    const drafting = {
      later,
      ...(progress === undefined ? {} : { progress }),
      ...(options.report === true ? { trialsPatience: Number.POSITIVE_INFINITY } : {}),
    };
    return withDraft(server, settings, history, drafting, async (draft) => {
      if (!draft.proof.equal) throw proofFailed(draft.proof);
      if (options.verify !== undefined) {
        progress?.(`run ${options.verify.command} on what the baseline builds`);
        await verifyByCommand(server, settings, draft, later, options.verify);
      }
      const path = join(dirname(history[0]?.path ?? ''), draft.fileName);
      const archive =
        options.dryRun === true ? null : await commit(settings, server, history, draft, path, options);
      const adoption = archive === null || options.adopt === false ? null : await adopt(settings, server);
      return {
        kind: 'squashed',
        revision: draft.metadata.revision,
        baseline: fromRoot(settings.root, path),
        replaces: history.map(({ name }) => name),
        archive: archive === null ? null : fromRoot(settings.root, archive.folder),
        proof: draft.proof,
        trials: draft.trials,
        rows: draft.metadata.rows,
        volatile: draft.metadata.volatile,
        adoption,
        timings: { ...draft.timings, total: performance.now() - began },
        text: draft.text,
      };
    });
  });
}

interface Division {
  readonly history: readonly Migration[];
  /** What stays as files. */
  readonly later: readonly Migration[];
}

/** @throws SquashError BASELINE_TAMPERED, MIGRATION_INVALID when there is no migration of that name. */
function divide({ history, baseline, flaws }: Project, to: string | undefined): Division {
  const refusal = flaws.length === 0 ? null : refusalOf({ kind: 'tampered', flaws }, baseline?.name ?? '');
  if (refusal !== null) throw refusal;
  if (to === undefined) return { history, later: [] };
  const place = history.findIndex(({ name }) => name === to);
  if (place < 0) {
    throw new SquashError('MIGRATION_INVALID', `there is no migration "${to}"`, {
      hint: `Name it as the ledger does, such as "${history.at(-1)?.name}".`,
    });
  }
  return { history: history.slice(0, place + 1), later: history.slice(place + 1) };
}

async function loneBaseline(history: readonly Migration[]): Promise<NothingToSquash | null> {
  const [only, ...more] = history;
  if (only?.path == null || more.length > 0) return null;
  const metadata = parseBaseline(await readFile(only.path, 'utf8'), only.name);
  return metadata === null
    ? null
    : { kind: 'nothing to squash', baseline: only.name, revision: metadata.revision };
}

function refuseUnwritable(history: readonly Migration[]): void {
  const without = history.filter(({ path }) => path === null).map(({ name }) => name);
  if (without.length === 0) return;
  throw new SquashError('MIGRATION_INVALID', `the migration source gives no file for ${without.join(', ')}`, {
    hint: 'A squash replaces files: set migrations.directory in the knexfile, or let the source name migrations by their files.',
  });
}

/** What stays a file can't import what goes to the archive. */
async function refuseImports(history: readonly Migration[], later: readonly Migration[]): Promise<void> {
  const paths = history.flatMap(({ path }) => path ?? []);
  for (const { name, path } of later) {
    const [first] = path === null ? [] : importedOf(await readFile(path, 'utf8'), path, paths);
    if (first === undefined) continue;
    throw new SquashError(
      'MIGRATION_INVALID',
      `"${name}" imports ${basename(first)}, which would be replaced`,
      {
        hint: 'Move what both need into a file of its own, outside of the migrations, or squash both with --to.',
      },
    );
  }
}

function proofFailed({ differences }: Proof): SquashError {
  const lines = differences.slice(0, 20).map(({ object, detail }) => `\n  ${object}: ${detail}`);
  const more = differences.length > 20 ? `\n  and ${differences.length - 20} more` : '';
  return new SquashError('PROOF_FAILED', `the baseline does not equal the history:${lines.join('')}${more}`, {
    hint: 'Nothing was written. This is a defect of knex-squash or an object that depends on chance: please report it.',
  });
}

/** Archive first, then the swap: a swap that fails takes the archive with it. */
async function commit(
  settings: Settings,
  server: Server,
  history: readonly Migration[],
  draft: Draft,
  path: string,
  { progress = () => {} }: SquashOptions,
): Promise<Archive> {
  progress('archive the originals');
  const files = await filesOf(history);
  const beside = draft.files.map((file) => ({
    ...file,
    path: join(dirname(path), file.name),
    source: file.path,
  }));
  const createdAt = new Date();
  const archive = await writeArchive({
    backups: settings.backups,
    root: settings.root,
    createdAt,
    toolVersion,
    serverMajor: draft.metadata.serverMajor,
    revision: draft.metadata.revision,
    fingerprints: draft.metadata.fingerprints,
    baseline: { name: draft.name, path, sha256: sha256(draft.text), beside },
    files,
    attachments: await attachmentsOf(settings, history, draft, path, createdAt),
    ledger: await targetLedger(settings, server),
  });
  progress('swap the files');
  try {
    await swapFiles({
      folders: settings.migrations.directories,
      journalPath: journalPath(settings),
      remove: files.flatMap(({ beside: rows, ...file }) => [file, ...rows]),
      add: [...beside, { path, contents: draft.text }],
    });
  } catch (error) {
    await rm(archive.folder, { recursive: true, force: true });
    throw error;
  }
  await ensureReadme(settings.backups);
  return archive;
}

/** The files to be replaced; an earlier baseline takes its files of rows along. */
async function filesOf(history: readonly Migration[]) {
  const baselines = new Map((await listBaselines(history)).map((baseline) => [baseline.name, baseline]));
  return history.map(({ name, path, sha256: hash }) => {
    const baseline = baselines.get(name);
    const beside = baseline === undefined ? [] : rowsFilesOf(baseline);
    return { name, path: path ?? '', sha256: hash, beside };
  });
}

async function targetLedger(settings: Settings, { target }: Server): Promise<readonly LedgerRow[] | null> {
  try {
    return await withClient(target, (client) =>
      readLedger(client, { ...settings.migrations, searchPath: settings.searchPath }),
    );
  } catch {
    // A database that can't be reached has no rows to keep, and is not adopted either.
    return null;
  }
}

async function adopt(settings: Settings, server: Server): Promise<Squashed['adoption']> {
  try {
    const project = await openProject(settings);
    return await follow({ server, project, catchUp: false, acceptDrift: [] });
  } catch (error) {
    // The files are squashed and proved; the database can follow later, by a command of its own.
    return { kind: 'unreachable', message: error instanceof Error ? error.message : String(error) };
  }
}
