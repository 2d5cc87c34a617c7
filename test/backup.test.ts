import { execFile } from 'node:child_process';
import { cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { ClientConfig } from 'pg';
import { compareRestored } from '../src/backup/compare.js';
import { findPrograms } from '../src/backup/pg-programs.js';
import { readBackup } from '../src/backup/read.js';
import { restoreInto } from '../src/backup/restore.js';
import { type BackupOptions, backupFull, type FullBackup, verifyBackup } from '../src/backup.js';
import { withClient } from '../src/database/client.js';
import { quoteIdent } from '../src/database/sql.js';
import { up } from '../src/migrate.js';
import { restoreFull } from '../src/restore-full.js';
import { runCli } from './support/cli.js';
import { type Example, settingsOf, withExample } from './support/example.js';
import { comparePgDumps } from './support/pg-dump.js';
import { withProject } from './support/project.js';
import {
  clientProgram,
  libpqVariables,
  pgDump,
  serverMajor,
  testServer,
  withDatabase,
} from './support/server.js';

const query = async (database: ClientConfig, sql: string) =>
  (await withClient(database, (client) => client.query(sql))).rows;

const work = { jobs: 2, onProgress: () => {} };

/** A small database with what is easily forgotten, and its backup. */
const small = `CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t text, up text GENERATED ALWAYS AS (upper(t)) STORED);
  INSERT INTO a (t) VALUES ('x'), (NULL), (E'tab\\t, \\\\N and \\n'), ('x');
  CREATE TABLE nothing (); INSERT INTO nothing SELECT FROM generate_series(1, 3);
  CREATE TABLE "odd "" name" ("a (b" int, "c\nd" text); INSERT INTO "odd "" name" VALUES (1, 'one'), (2, 'two');
  CREATE SEQUENCE moved; SELECT nextval('moved'), nextval('moved'); CREATE SEQUENCE fresh START 7;
  CREATE TABLE parts (k int, v text) PARTITION BY LIST (k); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
  INSERT INTO parts VALUES (1, 'p'); GRANT SELECT ON a TO PUBLIC; COMMENT ON TABLE a IS 'it''s';
  CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM a`;

async function onSmall(
  fn: (bed: { root: string; database: ClientConfig; backup: FullBackup }) => Promise<void>,
  options: BackupOptions = { engine: 'driver' },
): Promise<void> {
  await withProject({}, (root) =>
    withDatabase(async (database) => {
      await query(database, small);
      const backup = await backupFull(await settingsOf(root, database), options);
      await fn({ root, database, backup });
    }),
  );
}

async function onMigrated(fn: (example: Example) => Promise<void>): Promise<void> {
  await withExample(async (example) => {
    await up(example.settings);
    await fn(example);
  });
}

test('the example project goes there and back, and pg_dump finds no difference', async () => {
  await onMigrated(async (example) => {
    const { settings, database } = example;
    const { folder, manifest } = await backupFull(settings, { engine: 'driver' });
    expect(manifest.verified).not.toBeNull();
    await withDatabase(async (again) => {
      await restoreInto(again, await readBackup(folder), work);
      await comparePgDumps(database, again);
      expect(await pgDump(again, ['--inserts'])).toContain('INSERT INTO public.knex_migrations VALUES (1,');
    });
    const listed = await runCli(['backup', 'list'], example);
    expect(listed.stdout).toMatch(/-full .* driver .* \d{4}-\d\d-\d\dT/);
  });
});

test('psql alone restores a backup', async () => {
  const psql = await clientProgram('psql', 0);
  if (psql === null) return console.warn('no psql is installed: what it restores is not tested');
  await onSmall(async ({ database, backup }) => {
    await withDatabase(async (again) => {
      await promisify(execFile)(psql, ['-X', '-f', 'restore.sql'], {
        cwd: backup.folder,
        env: libpqVariables(again),
      });
      await comparePgDumps(database, again);
      const { manifest, catalog } = await readBackup(backup.folder);
      expect(await compareRestored(again, { ...manifest, catalog })).toEqual([]);
    });
  });
});

test('a backup is for its owner alone', async () => {
  await onSmall(async ({ backup }) => {
    const modes = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    const entries = await readdir(backup.folder, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      expect([entry.name, await modes(join(entry.parentPath, entry.name))]).toEqual([
        entry.name,
        entry.isDirectory() ? '700' : '600',
      ]);
    }
    expect(await modes(backup.folder)).toBe('700');
  });
});

test.each([
  ['a row is gone', 'DELETE FROM a WHERE id = 1', 'table public.a'],
  ['a row is altered', `UPDATE a SET t = 'y' WHERE id = 1`, 'table public.a'],
  ['a row is there twice', "INSERT INTO parts VALUES (1, 'p')", 'table public.parts_1'],
  ['a constraint is gone', 'ALTER TABLE a DROP CONSTRAINT a_pkey', 'constraint a_pkey ON public.a'],
  ['a grant is gone', 'REVOKE SELECT ON a FROM PUBLIC', 'table public.a'],
  ['a sequence stands elsewhere', `SELECT setval('moved', 9)`, 'sequence public.moved'],
  ['a view is not populated', 'REFRESH MATERIALIZED VIEW m WITH NO DATA', 'materialized view public.m'],
])('the comparison sees that %s', async (_, statement, object) => {
  await onSmall(async ({ backup }) => {
    await withDatabase(async (again) => {
      const read = await readBackup(backup.folder);
      await restoreInto(again, read, work);
      const expected = { ...read.manifest, catalog: read.catalog };
      expect(await compareRestored(again, expected)).toEqual([]);
      await query(again, statement);
      expect(await compareRestored(again, expected)).toMatchObject([{ object }]);
    });
  });
});

const program = await clientProgram('pg_restore', await serverMajor(testServer()));
const bin = process.env.PG_BIN;
if (program !== null) process.env.PG_BIN = dirname(program);
afterAll(() => {
  if (bin === undefined) delete process.env.PG_BIN;
  else process.env.PG_BIN = bin;
});

/** npm test has no time for all of them; npm run test:backups has. */
const isLong = process.env.KNEX_SQUASH_BACKUP_CASES === 'all';

test.each(program === null ? (['driver'] as const) : (['driver', 'pg_dump'] as const))(
  'by %s: a flip of a byte anywhere, and every truncation, is refused',
  async (engine) => {
    await onSmall(
      async ({ root, database, backup }) => {
        const copy = join(root, 'copy');
        await cp(backup.folder, copy, { recursive: true });
        const settings = await settingsOf(root, database);
        const entries = await readdir(copy, { recursive: true, withFileTypes: true });
        const files = await Promise.all(
          entries
            .filter((each) => each.isFile())
            .map((entry) => join(entry.parentPath, entry.name))
            .map(async (path) => ({ path, bytes: await readFile(path) })),
        );
        const flip = async ({ path, bytes }: (typeof files)[number], at: number, bit: number) => {
          const flipped = Buffer.from(bytes);
          flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
          await writeFile(path, flipped);
          await expect(verifyBackup(settings, copy)).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
          await writeFile(path, bytes);
        };
        let flips = 0;
        for (const file of files) {
          const every = isLong ? 1 : file.bytes.length > 1000 ? 61 : 4;
          for (let at = 0; at < file.bytes.length; at += every, flips += 1) await flip(file, at, at % 8);
        }
        for (let n = 0; n < (isLong ? 2000 : 50); n += 1, flips += 1) {
          const file = files[Math.floor(Math.random() * files.length)] as (typeof files)[number];
          const at = Math.floor(Math.random() * file.bytes.length);
          await flip(file, at, Math.floor(Math.random() * 8));
        }
        let cuts = 0;
        for (const { path, bytes } of files) {
          for (let length = 0; length < bytes.length; length += isLong ? 1 : 1000, cuts += 1) {
            await writeFile(path, bytes.subarray(0, length));
            await expect(verifyBackup(settings, copy)).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
          }
          await writeFile(path, bytes);
        }
        if (isLong) console.info(`${cuts} truncations of a backup by ${engine}, none accepted`);
        if (isLong) console.info(`${flips} flips of a backup by ${engine}, none accepted`);
        expect(flips).toBeGreaterThan(300);
        await expect(verifyBackup(settings, copy)).resolves.toMatchObject({ manifest: { engine } });
      },
      { engine },
    );
  },
  600_000,
);

describe('by pg_dump', () => {
  /** Whether there are programs of the server's major, which PG_BIN then leads to. */
  async function arePrograms(): Promise<boolean> {
    const major = await serverMajor(testServer());
    const program = await clientProgram('pg_restore', major);
    if (program !== null) process.env.PG_BIN = dirname(program);
    const found = await findPrograms(major, process.env);
    if (found === null) console.warn(`no pg_dump ${major} is installed: the pg_dump engine is not tested`);
    return found !== null;
  }

  test('the example project goes there and back', async () => {
    if (!(await arePrograms())) return;
    await onMigrated(async ({ settings, database }) => {
      const { folder, manifest } = await backupFull(settings, { jobs: 2 });
      expect(manifest).toMatchObject({ engine: 'pg_dump', format: 'directory' });
      expect(manifest.verified).not.toBeNull();
      await withDatabase(async (again) => {
        await restoreInto(again, await readBackup(folder), work);
        await comparePgDumps(database, again);
      });
    });
  });

  test('pg_restore alone restores a backup, whose files are private', async () => {
    if (!(await arePrograms())) return;
    await onSmall(
      async ({ database, backup }) => {
        expect(backup.manifest).toMatchObject({ engine: 'pg_dump', format: 'custom' });
        expect((await stat(join(backup.folder, 'dump.custom'))).mode & 0o777).toBe(0o600);
        await withDatabase(async (again) => {
          const program = join(process.env.PG_BIN ?? '', 'pg_restore');
          const args = ['--exit-on-error', '-d', again.database ?? '', 'dump.custom'];
          await promisify(execFile)(program, args, { cwd: backup.folder, env: libpqVariables(again) });
          await comparePgDumps(database, again);
          const { manifest, catalog } = await readBackup(backup.folder);
          expect(await compareRestored(again, { ...manifest, catalog })).toEqual([]);
        });
      },
      { engine: 'pg_dump' },
    );
  });

  test('a restore takes the place of the database', async () => {
    if (!(await arePrograms())) return;
    await onSmall(
      async ({ root, database, backup }) => {
        await query(database, 'DELETE FROM a');
        const settings = await settingsOf(root, database);
        const done = await restoreFull(settings, { confirmed: database.database ?? '' });
        await query(testServer(), `DROP DATABASE ${quoteIdent(done.kept ?? '')} WITH (FORCE)`);
        const { manifest, catalog } = await readBackup(backup.folder);
        expect(await compareRestored(database, { ...manifest, catalog })).toEqual([]);
      },
      { engine: 'pg_dump', jobs: 2 },
    );
  });
});

test('under writes, the rows that are dumped are those that are counted', async () => {
  await withProject({}, (root) =>
    withDatabase(async (database) => {
      await query(
        database,
        `CREATE TABLE w (id serial PRIMARY KEY, t text); INSERT INTO w (t) SELECT 'x' FROM generate_series(1, 20000)`,
      );
      let isOver = false;
      const writer = withClient(database, async (client) => {
        while (!isOver) {
          await client.query(
            `INSERT INTO w (t) VALUES ('later'); UPDATE w SET t = t || '!' WHERE id % 100 = 0; DELETE FROM w WHERE id % 1000 = 7`,
          );
        }
      });
      const settings = await settingsOf(root, database);
      try {
        const { manifest } = await backupFull(settings, { engine: 'driver' });
        expect(manifest.verified).not.toBeNull();
      } finally {
        isOver = true;
        await writer;
      }
    }),
  );
});

test('indexes and keys of different tables are built side by side, those of one in their order', async () => {
  await withProject({}, (root) =>
    withDatabase(async (database) => {
      const tables = ['a', '"b ""c"', '"d.e"'];
      await query(
        database,
        tables
          .map(
            (name) =>
              `CREATE TABLE ${name} (id int PRIMARY KEY, t text UNIQUE); CREATE INDEX ON ${name} (t, id)`,
          )
          .join(';\n'),
      );
      const fill = tables.map((name) => `INSERT INTO ${name} SELECT n, n FROM generate_series(1, 4000) n`);
      // Each index of a partition is attached to its parent's: nothing to build beside anything.
      await query(
        database,
        `${fill.join(';\n')}; CREATE TABLE p (k int, v text) PARTITION BY LIST (k); CREATE INDEX ON p (v);
         ${[1, 2, 3, 4].map((k) => `CREATE TABLE p_${k} PARTITION OF p FOR VALUES IN (${k})`).join(';\n')}`,
      );
      const { folder, manifest } = await backupFull(await settingsOf(root, database), { engine: 'driver' });
      expect(manifest.verified).not.toBeNull();
      const beside = manifest.steps.flatMap((step) =>
        'sql' in step && step.beside === true ? step.sql : [],
      );
      const texts = await Promise.all(beside.map((path) => readFile(join(folder, path), 'utf8')));
      const ofTables = tables.map((name) => texts.filter((text) => text.includes(` public.${name}`)));
      expect(ofTables.map((found) => found.length)).toEqual([1, 1, 1]);
      expect(new Set(ofTables.flat()).size).toBe(3);
      for (const [text] of ofTables) expect(text).toMatch(/PRIMARY KEY.*UNIQUE.*CREATE INDEX/s);
      // What is attached piece by piece afterwards is one text more, not one for each piece.
      expect(manifest.steps.filter((step) => 'sql' in step)).toHaveLength(beside.length + 2);
    }),
  );
});

test('the schema alone', async () => {
  await onSmall(
    async ({ backup }) => {
      expect(backup.manifest).toMatchObject({ schemaOnly: true, tables: [] });
      expect(backup.manifest.verified).not.toBeNull();
    },
    { engine: 'driver', schemaOnly: true },
  );
});

test('what pg_dump loses is backed up by our own engine, and said', async () => {
  if (program === null) return console.warn('no pg_dump is installed: what it loses is not tried');
  await withProject({}, (root) =>
    withDatabase(async (database) => {
      // pg_dump knows nothing of the state of a constraint's own triggers.
      await query(
        database,
        'CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a); ALTER TABLE b DISABLE TRIGGER ALL',
      );
      const made = await runCli(['backup', 'full'], { root, database }, { PG_BIN: dirname(program) });
      expect(made.stdout).toMatch(/^pg_dump's backup was dropped: .*b_a_fkey.*triggerStates/s);
      expect(made.stdout).toMatch(/by the driver engine\nverified/);
      expect((await readdir(join(root, 'backups'))).sort()).toEqual([
        expect.stringContaining('-full'),
        'README.md',
      ]);
      const asked = await runCli(
        ['backup', 'full', '--engine', 'pg_dump'],
        { root, database },
        { PG_BIN: dirname(program) },
      );
      expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining('--engine driver') });
    }),
  );
});

test('roles are written on request, without passwords', async () => {
  const role = `globals_${Math.random().toString(36).slice(2)}`;
  await query(
    testServer(),
    `CREATE ROLE ${role} LOGIN CREATEDB PASSWORD 'canary'; GRANT pg_monitor TO ${role}`,
  );
  try {
    await onSmall(
      async ({ backup }) => {
        const globals = await readFile(join(backup.folder, 'globals.sql'), 'utf8');
        expect(globals).toContain(`CREATE ROLE ${role} CREATEDB LOGIN`);
        expect(globals).toContain(`GRANT pg_monitor TO ${role}`);
        expect(globals).not.toMatch(/canary|SCRAM/);
        await query(testServer(), `DROP ROLE ${role}`);
        await query(testServer(), globals);
        expect(
          await query(testServer(), `SELECT rolcreatedb FROM pg_roles WHERE rolname = '${role}'`),
        ).toEqual([{ rolcreatedb: true }]);
      },
      { engine: 'driver', globals: true },
    );
  } finally {
    await query(testServer(), `DROP ROLE IF EXISTS ${role}`);
  }
});
