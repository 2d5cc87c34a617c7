import type { ClientConfig } from 'pg';
import { type LiveDatabase, readLive } from '../adopt/live.js';
import type { LedgerSettings } from '../history/ledger.js';
import type { LedgerRow } from '../history/migration.js';
import { type DatabaseState, decideState } from '../history/state.js';
import type { Settings } from '../settings/settings.js';
import { asSpeltIn, type Project } from './project.js';

/** A database, and the project by the names that its ledger has. */
export interface Examined {
  readonly live: LiveDatabase;
  readonly project: Project;
  readonly state: DatabaseState;
}

/** Reads a database and says in which state it is; its catalog only where the ledger isn't enough. */
export async function examine(target: ClientConfig, project: Project): Promise<Examined> {
  const isEnough = (ledger: readonly LedgerRow[]): boolean => {
    const { baseline } = asSpeltIn(project, ledger);
    return baseline === null ? ledger.length > 0 : ledger.some(({ name }) => name === baseline.name);
  };
  const live = await readLive(target, ledgerSettings(project.settings), isEnough);
  const spelt = asSpeltIn(project, live.ledger ?? []);
  const state = decideState({
    ledger: live.ledger,
    files: spelt.history,
    baseline: spelt.baseline,
    hasUserObjects: live.catalog?.hasUserObjects ?? true,
    flaws: spelt.flaws,
    interrupted: live.interrupted,
  });
  return { live, project: spelt, state };
}

export function ledgerSettings({
  migrations,
  searchPath,
}: Settings): LedgerSettings & Settings['migrations'] {
  return { ...migrations, searchPath };
}
