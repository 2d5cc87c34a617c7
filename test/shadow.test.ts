import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import pg from 'pg';
import { onDatabase, withClient } from '../src/database/client.js';
import { readLocale } from '../src/database/locale.js';
import { withServer } from '../src/database/server.js';
import { sweepShadows, withShadow } from '../src/database/shadow.js';
import { withFakeServer } from './support/fake-server.js';
import { testServer, withDatabase } from './support/server.js';

async function databases(): Promise<string[]> {
  const { rows } = await withClient(testServer(), (client) =>
    client.query<{ name: string }>('SELECT datname AS name FROM pg_database'),
  );
  return rows.map((row) => row.name);
}

/** Makes a role for as long as `fn` runs. */
async function withRole<T>(
  role: string,
  attributes: string,
  fn: (config: ClientConfig) => Promise<T>,
): Promise<T> {
  await withClient(testServer(), (client) =>
    client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'pw' ${attributes}`),
  );
  try {
    return await fn({ ...testServer(), user: role, password: 'pw' });
  } finally {
    await withClient(testServer(), (client) => client.query(`DROP ROLE ${role}`));
  }
}

describe('withShadow', () => {
  test('gives an empty database of its own and drops it, whoever is still connected', async () => {
    let name = '';
    let straggler: pg.Client | undefined;
    await withShadow(testServer(), {}, async (shadow) => {
      name = shadow.database ?? '';
      expect(name).toMatch(/^knex_squash_shadow_\d{14}_[0-9a-f]{12}$/);
      straggler = new pg.Client(shadow);
      straggler.on('error', () => {});
      await straggler.connect();
      const { rows } = await straggler.query(
        "SELECT current_database() AS name, (SELECT count(*)::integer FROM pg_class WHERE relnamespace = 'public'::regnamespace) AS tables",
      );
      expect(rows).toEqual([{ name, tables: 0 }]);
      expect(await databases()).toContain(name);
    });
    expect(await databases()).not.toContain(name);
    await straggler?.end();
  });

  test('drops it after a failure too, and the first error is thrown even when that fails', async () => {
    let name = '';
    const failing = withShadow(testServer(), {}, async (shadow) => {
      name = shadow.database ?? '';
      throw new Error('mine');
    });
    await expect(failing).rejects.toThrow('mine');
    expect(await databases()).not.toContain(name);

    await withRole('shadow_maker', 'CREATEDB', async (maker) => {
      const undroppable = withShadow(maker, {}, async (shadow) => {
        name = shadow.database ?? '';
        await withClient(testServer(), (client) => client.query(`ALTER DATABASE ${name} OWNER TO postgres`));
        throw new Error('mine');
      });
      await expect(undroppable).rejects.toThrow('mine');
      expect(await databases()).toContain(name);
      await withClient(testServer(), (client) => client.query(`DROP DATABASE ${name}`));
    });
  });

  test('drops a database with a subscription in it', async () => {
    let name = '';
    await withShadow(testServer(), {}, async (shadow) => {
      name = shadow.database ?? '';
      await withClient(shadow, (client) =>
        client.query(
          'CREATE SUBSCRIPTION "Theirs" CONNECTION \'host=nowhere.invalid\' PUBLICATION p WITH (connect = false)',
        ),
      );
    });
    expect(await databases()).not.toContain(name);
  });

  test('copies a template', async () => {
    await withDatabase(async (config) => {
      await withClient(config, (client) => client.query('CREATE TABLE of_template AS SELECT 1 AS a'));
      await withShadow(testServer(), { template: config.database ?? '' }, (shadow) =>
        withClient(shadow, (client) => client.query('SELECT a FROM of_template')),
      );
    });
  });

  test.each([
    ['another encoding', "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"],
    ['an ICU locale', "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'"],
  ])('takes encoding and locale of the database that it stands for: %s', async (_, clauses) => {
    const server = testServer();
    await withClient(server, async (client) => {
      const { rows } = await client.query("SELECT current_setting('server_version_num')::integer AS num");
      if (clauses.includes('icu') && rows[0].num < 150_000) return;
      await client.query(`CREATE DATABASE like_me TEMPLATE template0 ${clauses}`);
      try {
        const like = await withClient(onDatabase(server, 'like_me'), readLocale);
        const found = await withShadow(server, { like }, (shadow) => withClient(shadow, readLocale));
        expect(found).toEqual(like);
        const plain = await withClient(server, readLocale);
        expect(found).not.toEqual(plain);
      } finally {
        await client.query('DROP DATABASE like_me');
      }
    });
  });

  test('names the role that may not create databases, and the remedy', async () => {
    await withRole('"no makers"', 'NOCREATEDB', async (config) => {
      const server = { ...config, user: 'no makers' };
      await expect(withShadow(server, {}, async () => {})).rejects.toMatchObject({
        code: 'SHADOW_UNAVAILABLE',
        message: 'the role "no makers" may not create databases on this server, so no shadow can be made',
        hint: 'Pass --shadow-url, or grant it: ALTER ROLE "no makers" CREATEDB.',
      });
    });
  });

  test('says what else went wrong', async () => {
    await expect(withShadow(testServer(), { template: 'not there' }, async () => {})).rejects.toMatchObject({
      code: 'SHADOW_UNAVAILABLE',
      message: expect.stringContaining('template database "not there" does not exist'),
    });
  });
});

test('sweepShadows drops what killed processes left, and nothing else', async () => {
  const server = testServer();
  const stamp = async (interval: string) => {
    const { rows } = await withClient(server, (client) =>
      client.query(
        `SELECT to_char((now() - interval '${interval}') AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISS') AS at`,
      ),
    );
    return `knex_squash_shadow_${rows[0].at}`;
  };
  const abandoned = `${await stamp('25 hours')}_aaaaaaaaaaaa`;
  const inUse = `${await stamp('26 hours')}_bbbbbbbbbbbb`;
  const young = `${await stamp('23 hours')}_cccccccccccc`;
  const lookalike = `${await stamp('99 hours')}_mine`;
  const all = [abandoned, inUse, young, lookalike];
  const each = (statement: (name: string) => string) =>
    withClient(server, async (client) => {
      for (const name of all) await client.query(statement(name));
    });
  await each((name) => `CREATE DATABASE ${name}`);
  try {
    const dropped = await withClient(onDatabase(server, inUse), () => sweepShadows(server));
    expect(dropped).toEqual([abandoned]);
    const left = await databases();
    expect(all.filter((name) => left.includes(name))).toEqual([inUse, young, lookalike]);
  } finally {
    await each((name) => `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }
});

describe('withServer', () => {
  const project = { root: process.cwd(), stateDirectory: '/nowhere', shadowConnection: null };

  test('describes the configured server', async () => {
    await withDatabase((connection) =>
      withServer({ ...project, connection }, async (server) => {
        expect(server).toMatchObject({ target: connection, embedded: false });
        expect(server.admin.database).toBe('postgres');
        expect(server.shadow).toEqual(server.admin);
        expect(server.description).toBe(`${connection.host}:${connection.port}/${connection.database}`);
        const { rows } = await withClient(server.target, (client) => client.query('SHOW server_version'));
        expect(rows[0].server_version.startsWith(`${server.major}.`)).toBe(true);
      }),
    );
  });

  test('does not ask for the target to exist, nor for the right to enter postgres', async () => {
    const missing = onDatabase(testServer(), 'to_be_made');
    await withServer({ ...project, connection: missing }, async ({ target }) =>
      expect(target.database).toBe('to_be_made'),
    );

    await withDatabase((config) =>
      withRole('shut_out', '', async (role) => {
        await withClient(testServer(), (client) =>
          client.query('REVOKE CONNECT ON DATABASE postgres FROM PUBLIC'),
        );
        try {
          const connection = {
            ...role,
            ...(config.database === undefined ? {} : { database: config.database }),
          };
          await withServer({ ...project, connection }, async ({ admin }) =>
            expect(admin).toEqual(connection),
          );
        } finally {
          await withClient(testServer(), (client) =>
            client.query('GRANT CONNECT ON DATABASE postgres TO PUBLIC'),
          );
        }
      }),
    );
  });

  test.each([
    [130_020, '13.20', 'older'],
    [190_000, '19beta1', 'newer'],
  ])('refuses a server that is %s (%s), as %s', async (number, version, age) => {
    await withFakeServer(number, version, async (port) => {
      const connection = { host: '127.0.0.1', port, user: 'u', database: 'd' };
      await expect(withServer({ ...project, connection }, async () => {})).rejects.toMatchObject({
        code: 'SERVER_UNSUPPORTED',
        message: `127.0.0.1:${port} is PostgreSQL ${version}, ${age} than the supported 14 to 18`,
      });
    });
  });

  test('refuses a shadow server of another major', async () => {
    const { rows } = await withClient(testServer(), (client) =>
      client.query("SELECT current_setting('server_version_num')::integer / 10000 AS major"),
    );
    const other = rows[0].major === 14 ? 15 : 14;
    await withFakeServer(other * 10_000, `${other}.0`, async (port) => {
      const shadowConnection = { host: '127.0.0.1', port, user: 'u', database: 'd' };
      const settings = { ...project, connection: testServer(), shadowConnection };
      await expect(withServer(settings, async () => {})).rejects.toMatchObject({
        code: 'SHADOW_UNAVAILABLE',
      });
    });
  });

  test('starts the embedded server where nothing is configured, with a database of ours that stays', async () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), 'knex-squash-state-'));
    try {
      const settings = { ...project, connection: null, stateDirectory };
      await withServer(settings, async (server) => {
        expect(server).toMatchObject({
          embedded: true,
          description: expect.stringMatching(/^the embedded PostgreSQL \d+ of this project/),
        });
        await withClient(server.target, (client) => client.query('CREATE TABLE kept ()'));
      });
      await withServer(settings, ({ target }) => withClient(target, (client) => client.query('TABLE kept')));
    } finally {
      rmSync(stateDirectory, { recursive: true, force: true });
    }
  });
});
