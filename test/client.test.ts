import { connect, createServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import type { ClientConfig } from 'pg';
import {
  describeConnection,
  inSnapshot,
  onDatabase,
  withClient,
  withSnapshot,
} from '../src/database/client.js';
import type { SquashError } from '../src/errors.js';
import { testServer, withDatabase } from './support/server.js';

const canary = 'c4n4ry-p@ss';

/** Listens on a port of its own for as long as `fn` runs. */
async function withListener<T>(
  onSocket: (socket: Socket) => void,
  fn: (port: number) => Promise<T>,
): Promise<T> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('error', () => {}));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  try {
    return await fn(typeof address === 'object' && address !== null ? address.port : 0);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

async function failureOf(promise: Promise<unknown>): Promise<SquashError> {
  return promise.then(
    () => {
      throw new Error('it should have failed');
    },
    (error: SquashError) => error,
  );
}

describe('withClient', () => {
  test('closes the session when fn returns and when it throws', async () => {
    const config = { ...testServer(), application_name: 'closing' };
    await withClient(config, (client) => client.query('SELECT 1'));
    await expect(
      withClient(config, async () => {
        throw new Error('mine');
      }),
    ).rejects.toThrow('mine');
    await withClient(testServer(), async (client) => {
      // The server lists a backend until it has noticed the goodbye.
      await client.query('SELECT pg_sleep(0.2)');
      const { rows } = await client.query("SELECT FROM pg_stat_activity WHERE application_name = 'closing'");
      expect(rows).toHaveLength(0);
    });
  });

  test('throws the first error, not that of a broken connection', async () => {
    const failing = withClient(testServer(), async (client) => {
      const lost = new Promise((resolve) => client.once('end', resolve));
      await withClient(testServer(), (other) =>
        other.query('SELECT pg_terminate_backend($1)', [
          (client as unknown as { processID: number }).processID,
        ]),
      );
      await lost;
      throw new Error('mine');
    });
    await expect(failing).rejects.toThrow('mine');
  });

  test('gives up on a server that never answers, and on one that never says goodbye', async () => {
    let startedAt = Date.now();
    const silent = await withListener(
      () => {},
      (port) =>
        failureOf(withClient({ host: '127.0.0.1', port, connectionTimeoutMillis: 200 }, async () => {})),
    );
    expect(silent).toMatchObject({ code: 'SERVER_UNREACHABLE' });
    expect(Date.now() - startedAt).toBeLessThan(5_000);

    const { port: realPort = 5432, host } = testServer();
    let frozen = false;
    const relay = (socket: Socket) => {
      const upstream = connect({ port: realPort, host: host ?? '127.0.0.1', allowHalfOpen: true });
      socket.on('data', (bytes) => frozen || upstream.write(bytes));
      upstream.on('data', (bytes) => socket.write(bytes)).on('error', () => {});
      socket.on('close', () => upstream.destroy());
    };
    startedAt = Date.now();
    await withListener(relay, (port) =>
      withClient({ ...testServer(), port, host: '127.0.0.1' }, async (client) => {
        await client.query('SELECT 1');
        frozen = true;
      }),
    );
    expect(Date.now() - startedAt).toBeLessThan(8_000);
  });

  test.each<[string, ClientConfig, RegExp]>([
    [
      'a port where nothing listens',
      { port: 1 },
      /no connection to 127\.0\.0\.1:1\/postgres: nothing listens there/,
    ],
    [
      'a host without address',
      { host: 'nowhere.invalid' },
      /no connection to nowhere\.invalid:\d+\/postgres/,
    ],
    ['a wrong password', { password: canary }, /turned away the role "postgres"/],
    ['a missing database', { database: 'nobody_made_it' }, /the database "nobody_made_it" does not exist/],
  ])('names the place and no secret: %s', async (_, change, message) => {
    const config = {
      ...testServer(),
      host: '127.0.0.1',
      password: testServer().password as string,
      ...change,
    };
    const error = await failureOf(withClient(config, async () => {}));
    expect(error.code).toBe('SERVER_UNREACHABLE');
    expect(error.message).toMatch(message);
    expect(error.hint).toBeDefined();
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(config.password);
  });
});

describe('withSnapshot', () => {
  const hostile = [
    'search_path=information_schema',
    'DateStyle=SQL,DMY',
    'IntervalStyle=iso_8601',
    'extra_float_digits=-3',
    'bytea_output=escape',
    'TimeZone=Asia/Kathmandu',
    'standard_conforming_strings=off',
    'quote_all_identifiers=on',
    'row_security=on',
    'jit=on',
    'statement_timeout=900000',
    'lock_timeout=900000',
    'idle_in_transaction_session_timeout=900000',
  ];
  const values = `SELECT timestamptz '2020-02-01 00:00+00' || '|' || interval '1 day 2 hours' || '|' ||
    (1::float8 / 3) || '|' || '\\x41'::bytea || '|' || quote_ident('a') || '|' || length('\\n') AS line`;

  test('prints every value the same, whatever the session was set to', async () => {
    const config = { ...testServer(), options: hostile.map((setting) => `-c ${setting}`).join(' ') };
    const lines = await withClient(config, async (client) => {
      await client.query("SET client_encoding = 'LATIN1'");
      const before = await client.query(values);
      const inside = await inSnapshot(client, () => client.query(values));
      const settings = await inSnapshot(client, () =>
        client.query(
          "SELECT name, setting FROM pg_settings WHERE name ~ '(_timeout|^jit|^row_security|^search_path|^client_encoding)$'",
        ),
      );
      const after = await client.query(values);
      return {
        before: before.rows[0].line,
        inside: inside.rows[0].line,
        after: after.rows[0].line,
        settings,
      };
    });
    expect(lines.inside).toBe('2020-02-01 00:00:00+00|1 day 02:00:00|0.3333333333333333|\\x41|a|2');
    expect(lines.before).not.toBe(lines.inside);
    expect(lines.after).toBe(lines.before);
    const settings = Object.fromEntries(lines.settings.rows.map(({ name, setting }) => [name, setting]));
    expect(settings).toMatchObject({
      search_path: '""',
      client_encoding: 'UTF8',
      jit: 'off',
      row_security: 'off',
      statement_timeout: '0',
      lock_timeout: '0',
      idle_in_transaction_session_timeout: '0',
    });
  });

  test('reads one moment and writes nothing', async () => {
    await withDatabase(async (config) => {
      await withClient(config, (client) => client.query('CREATE TABLE public.t AS SELECT 1 AS a'));
      const count = 'SELECT count(*)::integer AS n FROM public.t';
      await withSnapshot(config, async (client) => {
        expect((await client.query(count)).rows[0].n).toBe(1);
        await withClient(config, (other) => other.query('INSERT INTO public.t VALUES (2)'));
        expect((await client.query(count)).rows[0].n).toBe(1);
        await expect(client.query('INSERT INTO public.t VALUES (3)')).rejects.toMatchObject({
          code: '25006',
        });
      });
    });
  });

  test('throws the first error and leaves the session free', async () => {
    await withClient(testServer(), async (client) => {
      await expect(inSnapshot(client, () => client.query('SELECT 1/0'))).rejects.toMatchObject({
        code: '22012',
      });
      expect((await client.query("SELECT current_setting('transaction_read_only') AS ro")).rows[0].ro).toBe(
        'off',
      );
    });
  });
});

describe('configurations', () => {
  test('are described without secrets', () => {
    expect(
      describeConnection({ host: 'db', port: 6432, database: 'app', user: 'me', password: canary }),
    ).toBe('db:6432/app');
    expect(describeConnection({ connectionString: 'postgres://me:secret@[::1]:5/app' })).toBe('[::1]:5/app');
  });

  test('change their database even where a connection string names one', () => {
    const moved = onDatabase({ connectionString: 'postgres://me:secret@db:5/app' }, 'other');
    expect(describeConnection(moved)).toBe('db:5/other');
    expect(moved).toMatchObject({ user: 'me', password: 'secret' });
  });
});
