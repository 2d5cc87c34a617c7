import { isExpected } from './adopt/expected.js';
import type { Server } from './database/server.js';
import { isSquashError } from './errors.js';
import { type BranchVerdict, inFlight, judgeBranches } from './follow/branches.js';
import { type Examined, examine } from './follow/examine.js';
import { driftAt, openWorkshop } from './follow/gate.js';
import { wayOf } from './follow/way.js';
import type { LedgerRow } from './history/migration.js';
import type { DatabaseState } from './history/state.js';
import { type MigrateOptions, onTarget } from './migrate.js';
import { keepOn } from './object-files.js';
import type { KeptObjects } from './objects/keep.js';
import type { Settings } from './settings/settings.js';

/** The state of the configured database, its ledger and what is pending. */
export interface Status {
  readonly database: string;
  readonly state: DatabaseState;
  readonly executed: readonly LedgerRow[];
  /** Names of the files that it has not run, in order. */
  readonly pending: readonly string[];
  readonly baseline: { readonly name: string; readonly revision: string } | null;
  /** Pending migrations from before the squash. */
  readonly branches: readonly (Omit<BranchVerdict, 'verdict'> & {
    readonly verdict: BranchVerdict['verdict'] | 'unknown';
  })[];
  /** What `up` would do with objects that have files of their own, as the database is now. */
  readonly objects: KeptObjects;
  /** What should be done next, as one sentence. */
  readonly next: string;
}

/**
 * Reads the state; writes nothing to the database. A database that is to adopt the baseline is held
 * against it as `adopt` would.
 */
export async function status(settings: Settings, options: MigrateOptions = {}): Promise<Status> {
  return onTarget(settings, options, async (server, project) => {
    const found = await examine(server.target, project);
    const { baseline, history } = found.project;
    const executed = found.live.ledger ?? [];
    const names = new Set(executed.map(({ name }) => name));
    const pending = history.map(({ name }) => name).filter((name) => !names.has(name));
    const state = await withDrift(server, found, options);
    const branches = await branchesOf(server, found, options);
    const objects = await keepOn(server, settings, { dryRun: true });
    return {
      database: server.description,
      state,
      executed,
      pending,
      baseline: baseline === null ? null : { name: baseline.name, revision: baseline.revision },
      branches,
      objects,
      next: nextStep(state, pending.length + objects.created.length + objects.changed.length, branches),
    };
  });
}

async function withDrift(
  server: Server,
  { live, project, state }: Examined,
  options: MigrateOptions,
): Promise<DatabaseState> {
  const { baseline } = project;
  if (baseline === null || live.catalog === null || !['full', 'ahead'].includes(state.kind)) return state;
  const way = wayOf(baseline, live.ledger ?? []);
  if (way.later.length === 0 && isExpected(live.catalog.catalog, baseline)) return state;
  const workshop = openWorkshop(server, project.settings, options.onReplayed);
  try {
    const differences = await driftAt({ workshop, project, baseline, way }, live.catalog.catalog);
    return differences.length === 0 ? state : { kind: 'drifted', differences };
  } catch (error) {
    // Without a shadow nothing more can be said; `adopt` will say what is missing.
    if (isSquashError(error)) return state;
    throw error;
  }
}

async function branchesOf(
  server: Server,
  { live, project }: Examined,
  options: MigrateOptions,
): Promise<Status['branches']> {
  const workshop = openWorkshop(server, project.settings, options.onReplayed);
  try {
    return await judgeBranches(workshop, project, live.ledger ?? [], server.major);
  } catch (error) {
    if (!isSquashError(error)) throw error;
    return inFlight(project, live.ledger ?? []).map(({ name }) => ({
      name,
      verdict: 'unknown',
      reason: error.message,
    }));
  }
}

function nextStep(state: DatabaseState, pending: number, branches: Status['branches']): string {
  const refused = branches.find(({ verdict }) => verdict === 'refused');
  switch (state.kind) {
    case 'ghosts':
      return 'get the branch that has the files which the ledger names';
    case 'foreign':
      return 'check --url and the name of the ledger table in the knexfile';
    case 'tampered':
      return 'take the files from git again as they were committed';
    case 'interrupted':
      return `look how far it came, then npx knex-squash resolve --applied|--rolled-back "${state.name}"`;
    case 'drifted':
      return 'npx knex-squash adopt names the ways: put the objects right, or --accept-drift each';
    default:
      if (refused !== undefined) return `change ${refused.name}: ${refused.reason}`;
      return pending === 0 ? 'nothing to do' : 'npx knex-squash up';
  }
}
