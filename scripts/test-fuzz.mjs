import { spawnSync } from 'node:child_process';

/** `npm run test:fuzz -- [runs] [seed]`: random histories until one differs from its baseline; 1,000 of a new seed. */
const [runs = '1000', seed = String(Date.now() % 1_000_000_000)] = process.argv.slice(2);
console.log(`${runs} random histories of seed ${seed}`);
const { status } = spawnSync(process.execPath, ['scripts/test.mjs', 'test/random-history.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, FUZZ_RUNS: runs, FUZZ_SEED: seed },
});
process.exitCode = status ?? 1;
