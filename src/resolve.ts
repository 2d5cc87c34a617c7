import type { Server } from './database/server.js';
import { withServer } from './database/server.js';
import { SquashError } from './errors.js';
import { failpoint } from './failpoint.js';
import { ledgerSettings } from './follow/examine.js';
import { deleteRows, insertRow } from './history/ledger.js';
import { freeLock, type Locked, withLedgerLocked } from './history/lock.js';
import { markEnded, type OpenMigration, openMigrations } from './history/progress.js';
import type { Settings } from './settings/settings.js';

export interface ResolveOptions {
  /** The migration that broke off. */
  readonly name: string;
  /** What somebody found in the database, or made of it: all of it is there, or nothing. */
  readonly as: 'applied' | 'rolled back';
  readonly onServer?: (server: Server) => void;
}

/**
 * Says how a migration without a transaction ended that broke off: its ledger row is there afterwards
 * if it is applied, and not if it is rolled back, and Knex's lock is free. The migration isn't run.
 *
 * @throws SquashError LEDGER_MISMATCH when none of that name broke off, LOCK_TIMEOUT when it still runs.
 */
export async function resolveMigration(settings: Settings, options: ResolveOptions): Promise<void> {
  await withServer(settings, async (server) => {
    options.onServer?.(server);
    const lock = { isMarkOurs: true };
    await withLedgerLocked(server.target, ledgerSettings(settings), lock, (locked) =>
      settle(locked, options),
    );
  });
}

async function settle({ client, place }: Locked, { name, as }: ResolveOptions): Promise<void> {
  const all = await openMigrations(client, place);
  const open = all.find((each) => each.name === name);
  if (open === undefined) throw notOpen(name, all);
  if (open.isAlive === true) throw stillRuns(open);
  if (as === 'applied') await insertRow(client, place, { name, batch: open.batch });
  else await deleteRows(client, place, [name]);
  await markEnded(client, place, open.id, as);
  failpoint('resolve.recorded');
  if (all.length === 1) await freeLock(client, place);
}

function notOpen(name: string, all: readonly OpenMigration[]): SquashError {
  const others = all.map((each) => `"${each.name}"`).join(', ');
  return new SquashError('LEDGER_MISMATCH', `no migration "${name}" broke off in this database`, {
    hint:
      all.length === 0 ? 'Nothing did: npx knex-squash status says what is next.' : `What did is ${others}.`,
  });
}

function stillRuns({ name, startedAt }: OpenMigration): SquashError {
  return new SquashError(
    'LOCK_TIMEOUT',
    `"${name}" still runs: it began at ${startedAt}, and its session lives`,
    {
      hint: 'Wait for it to end, or end its session in pg_stat_activity.',
    },
  );
}
