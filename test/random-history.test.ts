import fc from 'fast-check';
import { withClient } from '../src/database/client.js';
import { type Move, moves, play } from './random-history.js';
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
      await proveDatabase(grown);
    } catch (error) {
      throw new Error(
        `the baseline of this history differs:\n${history.join(';\n')};\n\n${(error as Error).message}`,
      );
    }
  });
}

test(`${runs} random histories equal their baselines, by our comparison and by pg_dump`, async () => {
  await fc.assert(fc.asyncProperty(moves(80), replayed), { numRuns: runs, seed, endOnFailure: false });
}, 3_600_000);
