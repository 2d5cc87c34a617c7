import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveCatalog } from '../adopt/live.js';
import type { AdoptionOutcome, NamedDifference } from '../adopt/outcome.js';
import { adoptBaseline } from '../adopt/stamp.js';
import { fingerprint } from '../catalog/fingerprint.js';
import { withClient } from '../database/client.js';
import type { Server } from '../database/server.js';
import { SquashError } from '../errors.js';
import { deleteDoubles, locateLedger } from '../history/ledger.js';
import type { LockOptions } from '../history/lock.js';
import type { LedgerRow } from '../history/migration.js';
import type { DatabaseState } from '../history/state.js';
import { toolVersion } from '../version.js';
import { catchUp } from './catch-up.js';
import { type Examined, examine, ledgerSettings } from './examine.js';
import { driftAt, type Journey, openWorkshop, orderDifferences } from './gate.js';
import type { Project } from './project.js';
import { refuseDoubles, wayOf } from './way.js';

/** A database that is to follow its project's baseline. */
export interface Follow {
  readonly server: Pick<Server, 'target' | 'shadow'>;
  readonly project: Project;
  /** Whether archived originals may be run that the database lacks. */
  readonly catchUp: boolean;
  /** Ids of objects that may differ from what the ledger promises. */
  readonly acceptDrift: readonly string[];
  readonly lock?: LockOptions;
  /** Told the name of each original that was run on the database. */
  readonly onRun?: (name: string) => void;
  /** Told the name of each migration that was run on a shadow. */
  readonly onReplayed?: (name: string) => void;
}

/**
 * Brings a database to where its ledger names the baseline: holds its catalog against the one that its
 * ledger promises, runs the originals that it lacks, and stamps it. What can't follow is told in the
 * outcome, with nothing written. All comparing is done before anything is locked; should the database
 * change before the stamp, it begins anew.
 *
 * @throws SquashError LEDGER_MISMATCH for a name that is there twice, LOCK_TIMEOUT, LEDGER_CHANGED,
 *   ARCHIVE_MISSING, ARCHIVE_INVALID, MIGRATION_FAILED, SHADOW_UNAVAILABLE.
 */
export async function follow(request: Follow): Promise<AdoptionOutcome> {
  const caughtUp: string[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const found = await examine(request.server.target, request.project);
    const outcome = await followOnce(request, found, caughtUp);
    if (outcome !== null) return outcome;
    await sleep(Math.random() * 100);
  }
  throw new SquashError('LEDGER_CHANGED', 'the database kept changing while it was compared', {
    hint: 'It was not stamped: stop whatever alters its tables, then run the command again.',
  });
}

const attempts = 10;

/** null where something was run or has changed, so that it has to begin anew. */
async function followOnce(
  request: Follow,
  { live, project, state }: Examined,
  caughtUp: string[],
): Promise<AdoptionOutcome | null> {
  const { baseline } = project;
  const atOnce = decidedAtOnce(state);
  if (baseline !== null && countOf(live.ledger ?? [], baseline.name) > 1) {
    await forgetDoubles(request, project, baseline.name);
  }
  if (atOnce !== null || baseline === null || live.catalog === null || live.ledger === null) {
    return atOnce ?? { kind: 'already adopted' };
  }
  refuseDoubles(live.ledger);
  const way = wayOf(baseline, live.ledger);
  if (way.missing.length > 0 && !request.catchUp) return { kind: 'partial', missing: way.missing };
  const workshop = openWorkshop(request.server, project.settings, request.onReplayed);
  const journey = { workshop, project, baseline, way };
  const isAccepted = ({ id }: NamedDifference) => request.acceptDrift.includes(id);
  const drift = await driftAt(journey, live.catalog.catalog);
  if (!drift.every(isAccepted))
    return { kind: 'drifted', differences: drift.filter((each) => !isAccepted(each)) };
  const order = await orderDifferences(journey);
  if (!order.every(isAccepted)) {
    return { kind: 'out of order', differences: order.filter((each) => !isAccepted(each)) };
  }
  if (way.missing.length > 0) {
    caughtUp.push(...(await catchUp(request, journey)));
    return null;
  }
  return stamp(request, journey, live.catalog, live.ledger, [...drift, ...order], caughtUp);
}

function countOf(ledger: readonly LedgerRow[], name: string): number {
  return ledger.filter((row) => row.name === name).length;
}

/** Stock Knex, where it runs without a transaction, writes a row for what another has done meanwhile. */
async function forgetDoubles({ server }: Follow, { settings }: Project, name: string): Promise<void> {
  await withClient(server.target, async (client) =>
    deleteDoubles(client, await locateLedger(client, ledgerSettings(settings)), name),
  );
}

async function stamp(
  { server, lock = {} }: Follow,
  { project, baseline, way }: Journey,
  live: LiveCatalog,
  ledger: readonly LedgerRow[],
  accepted: readonly NamedDifference[],
  caughtUp: readonly string[],
): Promise<AdoptionOutcome | null> {
  const { kind, replaced, lockedFor } = await adoptBaseline(
    server.target,
    ledgerSettings(project.settings),
    {
      name: baseline.name,
      revision: baseline.revision,
      replaces: way.path,
      fingerprint: fingerprint(live.catalog),
      toolVersion,
      accepted: accepted.map(({ id, change }) => ({ id, change })),
    },
    { ...live, ledger },
    lock,
  );
  if (kind === 'changed') return null;
  if (kind === 'already adopted') return { kind };
  return { kind, rows: replaced.length, caughtUp, accepted, lockedFor };
}

/** What the names alone decide. */
function decidedAtOnce(state: DatabaseState): AdoptionOutcome | null {
  switch (state.kind) {
    case 'fresh':
    case 'foreign':
      return { kind: state.kind };
    case 'adopted':
      return { kind: 'already adopted' };
    case 'ghosts':
      return { kind: 'ghosts', ghosts: state.ghosts };
    case 'tampered':
      return { kind: 'tampered', flaws: state.flaws };
    case 'interrupted':
      return { kind: 'interrupted', name: state.name };
    default:
      return null;
  }
}
