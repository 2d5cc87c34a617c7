import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { readBackup } from '../../src/backup/read.js';
import { restoreInto } from '../../src/backup/restore.js';
import { backupFull, verifyBackup } from '../../src/backup.js';
import { describeServer, withClient } from '../../src/database/client.js';
import { withServer } from '../../src/database/server.js';
import { withShadow } from '../../src/database/shadow.js';
import { loadSettings } from '../../src/settings/load.js';
import type { Settings } from '../../src/settings/settings.js';
import { argument, client, median } from './measure.js';

/**
 * A database of so many megabytes in 20 tables, backed up and restored by both engines and by plain pg_dump
 * and pg_restore with as many jobs, alternating in one run. What a verification takes is told apart. The
 * clients are those in PG_BIN, or on PATH.
 *
 *   PG_BIN=/usr/lib/postgresql/15/bin npm run bench:backup -- --megabytes 1024 --rounds 3 --jobs 2
 */
const megabytes = argument('megabytes', 1024);
const rounds = argument('rounds', 3);
const jobs = argument('jobs', 2);
const tables = 20;
/** Bytes of a row on the disk, about. */
const rowSize = 216;
const rows = Math.round((megabytes * 2 ** 20) / rowSize / tables);

const folder = await mkdtemp(join(tmpdir(), 'knex-squash-bench-'));
const settings = await loadSettings({ cwd: process.cwd(), env: process.env, flags: { backups: folder } });
const times = new Map<string, number[]>();
const sizes = new Set<string>();
try {
  await withServer(settings, async (server) => {
    await withShadow(server.shadow, {}, async (source) => {
      await fill(source);
      const size = await withClient(source, (client) =>
        client.query<{ size: string }>('SELECT pg_size_pretty(pg_database_size(current_database())) AS size'),
      );
      console.log(
        `${tables} tables of ${rows} rows, ${size.rows[0]?.size}, on ${describeServer(source)}, ${jobs} jobs, median of ${rounds}\n`,
      );
      const ours = { ...settings, connection: source };
      // Alternating, so that a noisy moment meets all.
      for (let round = 0; round < rounds; round++) {
        await plain(server.shadow, source);
        for (const engine of ['driver', 'pg_dump'] as const) await byUs(server.shadow, ours, engine);
      }
    });
  });
  for (const what of ['dump', 'restore', 'verify']) {
    const plainly = median(times.get(`${what} plain`) ?? []);
    for (const by of ['plain', 'driver', 'pg_dump']) {
      const time = median(times.get(`${what} ${by}`) ?? []);
      if (Number.isNaN(time)) continue;
      const ratio = Number.isNaN(plainly) ? '' : `, ${(time / plainly).toFixed(2)} times`;
      console.log(`${what} by ${by}: ${(time / 1000).toFixed(2)} s${ratio}`);
    }
  }
  console.log(`peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
} finally {
  await rm(folder, { recursive: true });
}

async function fill(database: ClientConfig): Promise<void> {
  await withClient(database, async (client) => {
    for (let table = 1; table <= tables; table++) {
      await client.query(`CREATE TABLE t${table} (id bigint PRIMARY KEY, owner int NOT NULL, at timestamptz NOT NULL, amount numeric(12, 2), state text, note text);
        INSERT INTO t${table} SELECT n, n % 1000, timestamptz '2024-01-01 00:00:00Z' + n * interval '1 second', n / 7.0,
          (ARRAY['open', 'paid', NULL, 'void'])[1 + n % 4], md5(n::text) || ' ' || md5((n * ${table})::text) || ' ' || md5((n % 5000)::text)
          FROM generate_series(1, ${rows}) n;
        CREATE INDEX ON t${table} (owner, at)`);
    }
    await client.query('VACUUM ANALYZE');
  });
}

async function plain(server: ClientConfig, source: ClientConfig): Promise<void> {
  const dump = join(folder, 'plain');
  await timed('dump plain', async () => client('pg_dump', source, ['-Fd', `-j${jobs}`, '-f', dump]));
  await withShadow(server, {}, (target) =>
    timed('restore plain', async () =>
      client('pg_restore', target, [`-j${jobs}`, '-d', target.database ?? '', dump]),
    ),
  );
  await tell('plain', dump);
}

async function byUs(server: ClientConfig, ours: Settings, engine: 'driver' | 'pg_dump'): Promise<void> {
  const made = await timed(`dump ${engine}`, () => backupFull(ours, { engine, jobs, verify: false }));
  await withShadow(server, {}, (target) =>
    timed(`restore ${engine}`, async () =>
      restoreInto(target, await readBackup(made.folder), { jobs, onProgress: () => {} }),
    ),
  );
  await timed(`verify ${engine}`, () => verifyBackup(ours, made.folder, { jobs }));
  await tell(engine, made.folder);
}

/** The size on the disk, and away with it. */
async function tell(by: string, place: string): Promise<void> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  let bytes = 0;
  for (const entry of entries) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  if (!sizes.has(by)) console.log(`${by}: ${(bytes / 2 ** 20).toFixed(0)} MB`);
  sizes.add(by);
  await rm(place, { recursive: true });
}

async function timed<T>(what: string, fn: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await fn();
  times.set(what, [...(times.get(what) ?? []), performance.now() - began]);
  return result;
}
