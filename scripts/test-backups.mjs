import { spawnSync } from 'node:child_process';

/** The long run of backups: every case there and back by either engine, and every byte of a small one flipped. */
const { status } = spawnSync(
  process.execPath,
  ['scripts/test.mjs', 'test/backup-cases.test.ts', 'test/backup.test.ts', ...process.argv.slice(2)],
  { stdio: 'inherit', env: { ...process.env, KNEX_SQUASH_BACKUP_CASES: 'all' } },
);
process.exitCode = status ?? 1;
