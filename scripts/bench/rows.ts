import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { describeServer } from '../../src/database/client.js';
import { withServer } from '../../src/database/server.js';
import { withShadow, withShadows } from '../../src/database/shadow.js';
import { withDraft } from '../../src/draft.js';
import { sha256 } from '../../src/history/hash.js';
import type { Migration } from '../../src/history/migration.js';
import { replayHistory } from '../../src/history/replay.js';
import { layOut } from '../../src/prove-baseline.js';
import { loadSettings } from '../../src/settings/load.js';
import { argument, client, median } from './measure.js';

/**
 * A history that seeds many rows: squashed and proved; then the time in which its baseline builds a
 * database, against psql loading what pg_dump's COPY gives of the same one, alternating in one run.
 * The clients are those in PG_BIN, or on PATH.
 *
 *   npm run bench:rows -- --rows 300000 --rounds 3
 */
const rows = argument('rows', 300_000);
const rounds = argument('rounds', 3);

const seed = `CREATE TABLE readings (id bigint PRIMARY KEY, station text NOT NULL, taken timestamptz NOT NULL, value numeric, note text);
INSERT INTO readings SELECT n, 'station ' || n % 997, timestamptz '2024-01-01 00:00:00Z' + n * interval '1 minute', n / 7.0,
  CASE WHEN n % 10 > 0 THEN md5(n::text) || E' \\\\ ? $1 \\t' || md5((n * 7)::text) END FROM generate_series(1, ${rows}) n;
CREATE INDEX ON readings (station, taken)`;
const history: readonly Migration[] = [
  {
    name: '1_readings.js',
    path: null,
    sha256: sha256(seed),
    load: async () => ({ up: (knex) => knex.raw(seed.replaceAll('?', '\\?')), down: async () => {} }),
  },
];

const settings = await loadSettings({ cwd: process.cwd(), env: process.env, flags: {} });
const folder = await mkdtemp(join(tmpdir(), 'knex-squash-bench-'));
try {
  await withServer(settings, async (server) => {
    const began = performance.now();
    const baseline = await withDraft(server, settings, history, {}, async (draft) => {
      if (!draft.proof.equal) throw new Error('the baseline does not equal the history');
      return layOut(draft, folder);
    });
    console.log(`${rows} rows on ${describeServer(server.shadow)}, median of ${rounds}\n`);
    console.log(`squashed and proved in ${seconds(performance.now() - began)}, peak memory ${memory()}`);
    const dump = join(folder, 'dump.sql');
    const ours: number[] = [];
    const theirs: number[] = [];
    await withShadows(server.shadow, {}, ['source'], async ({ source }) => {
      await replayHistory(source, settings, [baseline]);
      client('pg_dump', source, ['--no-owner', '--exclude-table=knex_*', '-f', dump]);
    });
    // Alternating, so that a noisy moment meets both.
    for (let round = 0; round < rounds; round++) {
      ours.push(await timed(server.shadow, (shadow) => replayHistory(shadow, settings, [baseline])));
      theirs.push(await timed(server.shadow, async (shadow) => client('psql', shadow, ['-qXf', dump])));
    }
    const [our, their] = [median(ours), median(theirs)];
    console.log(`the baseline ${seconds(our)}, psql ${seconds(their)}: ${(our / their).toFixed(2)} times`);
    console.log(`peak memory ${memory()}`);
  });
} finally {
  await rm(folder, { recursive: true });
}

function timed(server: ClientConfig, fn: (shadow: ClientConfig) => Promise<unknown>): Promise<number> {
  return withShadow(server, {}, async (shadow) => {
    const began = performance.now();
    await fn(shadow);
    return performance.now() - began;
  });
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

/** Of this process, at its highest so far. */
function memory(): string {
  return `${Math.round(process.resourceUsage().maxRSS / 1024)} MB`;
}
