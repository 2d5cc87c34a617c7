import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';

/** pgbouncer's program, or null where it isn't installed (Debian's package `pgbouncer`). */
export function findPgbouncer(): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path)) ?? null;
}

/** Sessions that the pooler keeps with each database: fewer than its clients, so that they change hands. */
const poolSize = 4;

/** Runs `fn` with a pgbouncer in transaction mode before a server; its argument leads to any database there. */
export async function withPgbouncer<T>(
  program: string,
  server: ClientConfig,
  fn: (by: (database: ClientConfig) => ClientConfig) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'knex-squash-pgbouncer-'));
  const port = await freePort();
  const config = join(folder, 'pgbouncer.ini');
  await writeFile(
    config,
    `[databases]
* = host=${server.host} port=${server.port} user=${server.user} password=${server.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 200
server_tls_sslmode = disable
`,
  );
  // It refuses to run as root.
  const isRoot = process.getuid?.() === 0;
  await chmod(folder, 0o755);
  const child = spawn(program, ['-q', config], {
    stdio: 'ignore',
    ...(isRoot ? { uid: 65534, gid: 65534 } : {}),
  });
  try {
    await listens(child, port);
    return await fn((database) => ({ ...database, host: '127.0.0.1', port }));
  } finally {
    if (child.exitCode === null) {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function listens(child: ChildProcess, port: number): Promise<void> {
  for (const deadline = performance.now() + 10_000; ; await sleep(50)) {
    if (child.exitCode !== null) throw new Error(`pgbouncer ended with ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error('pgbouncer does not listen');
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
  }
}
