import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import type { BaselineMetadata } from './baseline/metadata.js';
import { fingerprint } from './catalog/fingerprint.js';
import type { Catalog } from './catalog/model.js';
import { databaseOnly, type SurroundingsChange } from './cluster/change.js';
import { type ShadowOptions, withShadows } from './database/shadow.js';
import type { Migration } from './history/migration.js';
import { explainMissing } from './history/missing.js';
import { keepOn } from './object-files.js';
import type { Proof } from './proof/prove.js';
import { type Replays, replayTwice } from './proof/replays.js';
import type { Trials } from './proof/try-mutations.js';
import { proveBaseline } from './prove-baseline.js';
import type { Settings } from './settings/settings.js';
import { type ShadowServer, shadowOptions, type Unforeseen, unforeseenRoles } from './shadows.js';
import { type DraftFile, writeBaseline } from './write-baseline.js';

/** A stage that has begun or a migration that was replayed: what a progress display shows. */
export type Progress = (message: string) => void;

export interface DraftOptions {
  readonly progress?: Progress;
  /** Migrations that stay files: they must lead to the same after the history and after the baseline. */
  readonly later?: readonly Migration[];
  /** Milliseconds between the starts of the two replays; by default so many that a time cut to seconds differs. */
  readonly apart?: number;
  /** Milliseconds for changing objects on purpose; by default enough for a small catalog, 0 for none. */
  readonly trialsPatience?: number;
}

const replaysApart = 1100;

/** A small catalog needs less, of a big one as many changes are tried as fit. */
const usualTrials = 1000;

/** A baseline that was built and compared, and has not been written anywhere. */
export interface Draft {
  /** Its name in the ledger. */
  readonly name: string;
  /** Its file's name, in the folder of the first replaced file. */
  readonly fileName: string;
  readonly text: string;
  /** Files of rows that belong beside it; where they lie is gone with the draft. */
  readonly files: readonly DraftFile[];
  readonly metadata: BaselineMetadata;
  readonly proof: Proof;
  readonly trials: Trials;
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
  /** Changing objects on purpose, to see that the comparison finds it. */
  readonly trials: number;
}

/**
 * Replays migrations, writes their baseline, builds it on a shadow of its own and compares; then runs
 * `fn` with it. Nothing but shadows is touched.
 *
 * @throws SquashError of any stage; a proof that fails is no error here but stands in the result.
 */
export async function withDraft<T>(
  server: ShadowServer,
  settings: Settings,
  migrations: readonly Migration[],
  options: DraftOptions,
  fn: (draft: Draft) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'knex-squash-'));
  try {
    return await fn(await draftUnseen(folder, server, settings, migrations, options));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A replay that was seen to touch roles is repeated where nobody else has any. */
async function draftUnseen(
  folder: string,
  server: ShadowServer,
  settings: Settings,
  migrations: readonly Migration[],
  options: DraftOptions,
): Promise<Draft> {
  const all = [...migrations, ...(options.later ?? [])];
  try {
    const shadows = await shadowOptions(server, settings, all);
    return await draftIn(folder, server, shadows, settings, migrations, options);
  } catch (error) {
    if (!(error instanceof BeyondDatabase)) throw explainMissing(error);
    options.progress?.(
      `begin again on a server of its own, since the history changed the roles ${error.roles.join(', ')}`,
    );
    const shadows = await shadowOptions(server, settings, all, error.roles);
    return await draftIn(folder, server, shadows, settings, migrations, options).catch((again) => {
      throw explainMissing(again);
    });
  }
}

/** No migration's text says that it changes these roles, but it did. */
class BeyondDatabase extends Error {
  constructor(readonly roles: Unforeseen) {
    super(`the history changes the roles ${roles.join(', ')}`);
  }
}

async function draftIn(
  folder: string,
  server: ShadowServer,
  options: ShadowOptions,
  settings: Settings,
  migrations: readonly Migration[],
  { progress = () => {}, apart = replaysApart, later = [], trialsPatience = usualTrials }: DraftOptions,
): Promise<Draft> {
  const isolated = options.isolation !== undefined;
  const onSurroundings = async (change: SurroundingsChange): Promise<void> => {
    const roles = isolated ? [] : await unforeseenRoles(change, migrations);
    if (roles.length > 0) throw new BeyondDatabase(roles);
  };
  // Files of objects say what these are after the last migration, so a part of the history has none.
  const finish = async (shadow: ClientConfig): Promise<void> => {
    if (later.length === 0) await keepOn({ target: shadow }, settings, { isAlone: true });
  };
  return withShadows(
    server.shadow,
    options,
    ['first', 'second', 'third'],
    async ({ first, second, third }) => {
      const began = performance.now();
      const seen = await replayTwice(
        { first, second, settings, migrations, apart, folder, finish, onSurroundings },
        ({ name }, replay) => progress(`replay ${replay} of 2: ${name}`),
      );
      const replays = isolated ? seen : { ...seen, surroundings: databaseOnly(seen.surroundings) };
      const history = performance.now() - began;
      progress('write the baseline');
      const { metadata, text, ...written } = await writeBaseline(settings, migrations, replays);
      const render = performance.now() - began - history;
      const proofFolder = join(folder, 'proof');
      await mkdir(proofFolder);
      const { proof, trials, catalog, timings } = await proveBaseline(
        { third, isolated, settings, migrations, later, apart, trialsPatience, replays, progress },
        { ...written, text: text(unknownFingerprint) },
        proofFolder,
      );
      const built = fingerprint(catalog);
      return {
        ...written,
        text: text(built),
        metadata: metadata(built),
        proof,
        trials,
        replays,
        built: catalog,
        timings: { replay: replays.replayMilliseconds, history, render, ...timings },
      };
    },
  );
}

/** What stands in the metadata until the baseline has been built. */
const unknownFingerprint = '0'.repeat(64);
