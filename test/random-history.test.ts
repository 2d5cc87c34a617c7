import fc from 'fast-check';
import type { ClientConfig } from 'pg';
import { withClient } from '../src/database/client.js';
import { brokenChecks } from '../src/proof/checks.js';
import { observe } from '../src/proof/observe.js';
import { circularViews, stuckViews } from '../src/proof/views.js';
import { type Move, moves, play } from './random-history.js';
import { caseSettings } from './support/prove-case.js';
import { proveDatabase } from './support/prove-database.js';
import { ensureRoles } from './support/run-cases.js';
import { withDatabase } from './support/server.js';

/** FUZZ_RUNS and FUZZ_SEED come from scripts/test-fuzz.mjs. */
const runs = Number(process.env.FUZZ_RUNS ?? 200);
const seed = Number(process.env.FUZZ_SEED ?? 1);

beforeAll(ensureRoles);

async function replayed(list: readonly Move[]): Promise<void> {
  await withDatabase(async (grown) => {
    const history = await withClient(grown, (client) => play(client, list));
    try {
      await proveDatabase(grown, !(await isBeyondPgDump(grown)));
    } catch (error) {
      if (await isRefused(grown)) return;
      throw new Error(
        `the baseline of this history differs:\n${history.join(';\n')};\n\n${(error as Error).message}`,
      );
    }
  });
}

/**
 * What pg_dump leaves out: a CHECK that a parent's dropped column left on an heir, since it calls itself inherited, and
 * a replica identity whose index is gone, which is as good as NOTHING.
 */
async function isBeyondPgDump(grown: ClientConfig): Promise<boolean> {
  const { rows } = await withClient(grown, (client) =>
    client.query(`
      SELECT FROM pg_constraint k WHERE k.contype = 'c' AND k.conrelid <> 0 AND NOT k.conislocal AND NOT EXISTS (
        SELECT FROM pg_inherits h JOIN pg_constraint p ON p.conrelid = h.inhparent WHERE h.inhrelid = k.conrelid AND p.conname = k.conname)
      UNION ALL SELECT FROM pg_class c WHERE c.relreplident = 'i' AND NOT EXISTS (
        SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident)`),
  );
  return rows.length > 0;
}

/** A materialized view that nothing can fill any more, or that reads itself, is refused by name, and so are rows that their CHECK refuses by now. */
async function isRefused(grown: ClientConfig): Promise<boolean> {
  const searchPath = '"$user", public';
  if ((await brokenChecks(grown, searchPath)).length > 0) return true;
  const history = await observe(grown, { ledger: caseSettings.migrations, searchPath });
  if (circularViews(history.catalog).length > 0) return true;
  return (await stuckViews(grown, searchPath, history)).length > 0;
}

/** Milliseconds: a history takes half a second, and to shrink one that fails must not take the rest of the day. */
const patience = 600_000 + 1500 * runs;

test(
  `${runs} random histories equal their baselines, by our comparison and by pg_dump`,
  async () => {
    await fc.assert(fc.asyncProperty(moves(80), replayed), {
      numRuns: runs,
      seed,
      endOnFailure: false,
      interruptAfterTimeLimit: patience,
      markInterruptAsFailure: true,
    });
  },
  2 * patience,
);
