import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Server, withServer } from '../../src/database/server.js';
import { withShadow } from '../../src/database/shadow.js';
import { connectionUrl } from '../../src/history/environment.js';
import { adopt, up } from '../../src/migrate.js';
import { undoAdoption } from '../../src/restore.js';
import { loadSettings } from '../../src/settings/load.js';
import { squash } from '../../src/squash.js';
import { argument } from './measure.js';

/**
 * How long an adoption keeps others out of the ledger, and how long it takes altogether: a history of
 * 10 migrations with so many tables, squashed, and a database that ran it, which adopts the baseline
 * and gives it back round after round.
 *
 *   npm run bench:adopt -- --tables 1000 --rounds 20
 */
const tables = argument('tables', 1000);
const rounds = argument('rounds', 20);
const files = 10;

const migration = (n: number): string => `exports.up = (knex) => knex.raw(\`DO $do$ BEGIN
  FOR n IN ${Math.ceil((tables / files) * n)}..${Math.ceil((tables / files) * (n + 1)) - 1} LOOP
    EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, name text NOT NULL DEFAULT %L, made timestamptz DEFAULT now(), CHECK (id > 0))', n, 'x');
    EXECUTE format('CREATE INDEX ON t%s (name)', n);
  END LOOP; END $do$\`);
exports.down = async () => {};
`;

const own = await loadSettings({ cwd: process.cwd(), env: process.env, flags: {} });

await withServer(own, async (server) => {
  const root = await mkdtemp(join(tmpdir(), 'knex-squash-bench-'));
  try {
    await mkdir(join(root, 'migrations'));
    await symlink(join(process.cwd(), 'node_modules'), join(root, 'node_modules'));
    for (let n = 0; n < files; n++) await writeFile(join(root, `migrations/${n}_tables.cjs`), migration(n));
    await withShadow(server.target, {}, (database) => measure(server, root, connectionUrl(database)));
  } finally {
    await rm(root, { recursive: true });
  }
});

async function measure(server: Server, root: string, url: string): Promise<void> {
  const settings = await loadSettings({ cwd: root, env: {}, flags: { url } });
  await up(settings);
  const squashing = performance.now();
  await squash(settings, { adopt: false });
  const squashed = performance.now() - squashing;
  const locked: number[] = [];
  const whole: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    const { outcome } = await adopt(settings);
    whole.push(performance.now() - began);
    if (outcome.kind !== 'adopted') throw new Error(outcome.kind);
    locked.push(outcome.lockedFor);
    await undoAdoption(settings);
  }
  const show = (values: readonly number[]): string => {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
    return `median ${at(0.5).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms`;
  };
  console.log(
    `PostgreSQL ${server.major}, ${tables} tables, ${files} migrations, squashed in ${(squashed / 1000).toFixed(1)} s`,
  );
  console.log(`adopt, ${rounds} rounds: locks held ${show(locked)}; the whole of it ${show(whole)}`);
}
