import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import createKnex, { type Knex } from 'knex';
import type { ClientConfig } from 'pg';
import { describeServer } from '../../src/database/client.js';
import { withServer } from '../../src/database/server.js';
import { withShadow } from '../../src/database/shadow.js';
import { withDraft } from '../../src/draft.js';
import { withKnex } from '../../src/history/connect.js';
import { listHistory } from '../../src/history/files.js';
import type { Migration } from '../../src/history/migration.js';
import { openMigrator } from '../../src/history/migrator.js';
import { layOut } from '../../src/prove-baseline.js';
import { loadSettings } from '../../src/settings/load.js';
import { argument, median } from './measure.js';

/**
 * Time of a fresh database by all migrations and by their baseline, side by side in one run, by stock
 * Knex and by our migrator: locally, and through a proxy on loopback that delays each direction by
 * half of the round trip. Connecting counts.
 *
 *   npm run bench:fresh-database -- --rounds 5 --delay 20
 */
const rounds = argument('rounds', 3);
const delay = argument('delay', 20);

const settings = await loadSettings({ cwd: process.cwd(), env: process.env, flags: {} });

await withServer(settings, async (server) => {
  const history = await listHistory(settings.migrations);
  const folder = await mkdtemp(join(tmpdir(), 'knex-squash-bench-'));
  const baseline = await withDraft(server, settings, history, {}, async (draft) => {
    if (!draft.proof.equal) throw new Error('the baseline does not equal the history');
    return [await layOut(draft, folder)];
  });
  const run = async (
    migrate: Migrate,
    migrations: readonly Migration[],
    through: (config: ClientConfig) => ClientConfig,
  ): Promise<number> =>
    withShadow(server.shadow, {}, async (shadow) => {
      const began = performance.now();
      await migrate(through(shadow), migrations);
      return performance.now() - began;
    });
  console.log(
    `${history.length} migrations against 1 baseline on ${describeServer(server.shadow)}, median of ${rounds}\n`,
  );
  await compare('locally', (config) => config);
  await withDelay(server.shadow, delay, (proxied) =>
    compare(`with a round trip of ${delay} ms`, (config) => ({ ...config, ...proxied })),
  );
  await rm(folder, { recursive: true });

  async function compare(where: string, through: (config: ClientConfig) => ClientConfig): Promise<void> {
    for (const [by, migrate] of Object.entries({ 'stock Knex': byKnex, 'knex-squash': byMigrator })) {
      const chain: number[] = [];
      const squashed: number[] = [];
      // Alternating, so that a noisy moment meets both.
      for (let round = 0; round < rounds; round++) {
        chain.push(await run(migrate, history, through));
        squashed.push(await run(migrate, baseline, through));
      }
      const [before, after] = [median(chain), median(squashed)];
      console.log(
        `${where}, ${by}: ${before.toFixed(0)} ms → ${after.toFixed(0)} ms, ${(before / after).toFixed(1)} times faster`,
      );
    }
  }
});

type Migrate = (connection: ClientConfig, migrations: readonly Migration[]) => Promise<unknown>;

/** Knex's own `migrate.latest`, on the files as they are. */
async function byKnex(connection: ClientConfig, migrations: readonly Migration[]): Promise<void> {
  const migrationSource: Knex.MigrationSource<Migration> = {
    getMigrations: async () => [...migrations],
    getMigrationName: ({ name }) => name,
    getMigration: (migration) => migration.load() as Promise<Knex.Migration>,
  };
  const knex = createKnex({
    client: 'pg',
    connection: { ...connection } as Knex.PgConnectionConfig,
    migrations: { migrationSource },
  });
  await knex.migrate.latest();
  await knex.destroy();
}

/** What `knex-squash up` does on a fresh database. */
function byMigrator(connection: ClientConfig, migrations: readonly Migration[]): Promise<unknown> {
  return withKnex(connection, settings, (knex) =>
    openMigrator({
      knex,
      settings: { ...settings.migrations, searchPath: settings.searchPath },
      migrations,
      transaction: 'each',
    }).up(),
  );
}

/** A TCP proxy that holds every piece back for half of the round trip, in both directions. */
async function withDelay<T>(
  { host, port }: ClientConfig,
  roundTrip: number,
  fn: (proxied: { host: string; port: number }) => Promise<T>,
): Promise<T> {
  const pipe = (from: Socket, to: Socket): void => {
    from.on('data', (piece) => setTimeout(() => to.write(piece), roundTrip / 2));
    from.on('end', () => setTimeout(() => to.end(), roundTrip / 2));
    from.on('error', () => to.destroy());
  };
  const proxy = createServer((client) => {
    const upstream = connect(Number(port), String(host));
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    pipe(client, upstream);
    pipe(upstream, client);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    const place = proxy.address();
    if (place === null || typeof place === 'string') throw new Error('the proxy has no port');
    return await fn({ host: '127.0.0.1', port: place.port });
  } finally {
    proxy.close();
  }
}
