import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The long run of the tests that kill, race and cut: `npm run test:chaos -- <jest's arguments>`.
 * KNEX_SQUASH_CHAOS_FACTOR multiplies the rounds. Its figures are printed at the end.
 */
const folder = mkdtempSync(join(tmpdir(), 'knex-squash-chaos-'));
const report = join(folder, 'report.txt');
writeFileSync(report, '');
const test = fileURLToPath(new URL('test.mjs', import.meta.url));
const { status } = spawnSync(
  process.execPath,
  [test, '--testPathPatterns', 'chaos', ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    env: { ...process.env, KNEX_SQUASH_CHAOS: 'long', KNEX_SQUASH_CHAOS_REPORT: report },
  },
);
console.log(`\n${readFileSync(report, 'utf8')}`);
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
