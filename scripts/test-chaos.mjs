import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The long run of the tests that kill, race and cut: `npm run test:chaos -- <jest's arguments>`.
 * KNEX_SQUASH_CHAOS_FACTOR multiplies the rounds. Its figures are printed at the end; with
 * KNEX_SQUASH_CHAOS_REPORT they are added to that file as they come.
 */
const folder = mkdtempSync(join(tmpdir(), 'knex-squash-chaos-'));
const report = resolve(process.env.KNEX_SQUASH_CHAOS_REPORT ?? join(folder, 'report.txt'));
writeFileSync(report, '', { flag: 'a' });
const test = fileURLToPath(new URL('test.mjs', import.meta.url));
const { status } = spawnSync(
  process.execPath,
  [test, '--testPathPatterns', 'test/chaos-', ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    env: { ...process.env, KNEX_SQUASH_CHAOS: 'long', KNEX_SQUASH_CHAOS_REPORT: report },
  },
);
console.log(`\n${readFileSync(report, 'utf8')}`);
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
