import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import type { ClientConfig } from 'pg';
import { parseBackup, renderBackup, sealBackup } from '../src/backup/manifest.js';
import { readBackup } from '../src/backup/read.js';
import { backupFull } from '../src/backup.js';
import { onDatabase, withClient } from '../src/database/client.js';
import { quoteIdent, quoteLiteral } from '../src/database/sql.js';
import { restoreFull } from '../src/restore-full.js';
import { runChild } from './support/child.js';
import { compiled } from './support/compile.js';
import { settingsOf, urlOf } from './support/example.js';
import { withProject } from './support/project.js';
import { clientProgram, serverMajor, testServer, withDatabase } from './support/server.js';

const query = async (database: ClientConfig, sql: string) =>
  (await withClient(database, (client) => client.query(sql))).rows;

const small = `CREATE TABLE a (id int PRIMARY KEY, t text); INSERT INTO a VALUES (1, 'x');
  CREATE TABLE b (id int PRIMARY KEY, t text); INSERT INTO b VALUES (1, 'y')`;

const onDatabaseOf = (sql: string, fn: (root: string, database: ClientConfig) => Promise<void>) =>
  withProject({}, (root) =>
    withDatabase(async (database) => {
      await query(database, sql);
      await fn(root, database);
    }),
  );

const program = await clientProgram('pg_restore', await serverMajor(testServer()));
if (program === null) console.warn('no pg_dump is installed: only our own engine is tried under fault');
else process.env.PG_BIN = dirname(program);
const engines = program === null ? (['driver'] as const) : (['driver', 'pg_dump'] as const);

/** Nothing that looks like a backup, and of what was begun nothing but what a rerun sweeps. */
async function expectNone(backups: string): Promise<void> {
  const left = await readdir(backups).catch(() => []);
  expect(left.filter((name) => !name.startsWith('.'))).toEqual([]);
}

test.each(engines)(
  'by %s: truncated, missing, swapped, extra and linked files, and edited manifests are refused',
  async (engine) => {
    await onDatabaseOf(small, async (root, database) => {
      const options = { engine, jobs: 2, verify: false };
      const { folder } = await backupFull(await settingsOf(root, database), options);
      const copy = join(root, 'copy');
      const damages: ((path: string) => Promise<unknown>)[] = [];
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      for (const entry of files) {
        const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
        const { size } = await stat(join(folder, path));
        for (const length of [0, Math.floor(size / 2), size - 1])
          damages.push((at) => truncate(join(at, path), length));
        damages.push((at) => rm(join(at, path)));
        damages.push(async (at) => {
          await rename(join(at, path), join(root, 'elsewhere'));
          await symlink(join(root, 'elsewhere'), join(at, path));
        });
      }
      damages.push(async (at) => {
        const found = (await readdir(at, { recursive: true })).filter((path) => path.endsWith('.gz')).sort();
        const [one = '', two = ''] = found.map((path) => join(at, path));
        await rename(one, join(root, 'third'));
        await rename(two, one);
        await rename(join(root, 'third'), two);
      });
      damages.push((at) => writeFile(join(at, 'more'), ''));
      damages.push((at) =>
        mkdir(join(at, 'rows/folder')).then(() => writeFile(join(at, 'rows/folder/x'), '')),
      );
      damages.push(async (at) => {
        const manifest = await readFile(join(at, 'manifest.json'), 'utf8');
        await writeFile(join(at, 'manifest.json'), manifest.replace('"verified": null', '"verified":  null'));
      });
      for (const damage of damages) {
        await cp(folder, copy, { recursive: true });
        await damage(copy);
        await expect(readBackup(copy)).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
        await rm(copy, { recursive: true });
      }
      expect(damages.length).toBeGreaterThan(40);
      await symlink(folder, join(root, 'link'));
      await expect(readBackup(join(root, 'link'))).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
      await expect(readBackup(folder)).resolves.toMatchObject({ folder });
    });
  },
);

test('no path of a manifest leads out of the backup', async () => {
  await onDatabaseOf(small, async (root, database) => {
    const { manifest } = await backupFull(await settingsOf(root, database), {
      engine: 'driver',
      verify: false,
    });
    const { sha256: _, ...rest } = manifest;
    const withPath = (path: string) =>
      parseBackup(
        renderBackup(
          sealBackup({ ...rest, files: [...rest.files, { path, sha256: 'a'.repeat(64), size: 1 }] }),
        ),
      );
    const step = fc.constantFrom('..', '.', '', 'a\0b', 'a\\..\\b', 'C:', 'a.');
    const name = fc.string({ unit: 'binary', maxLength: 8 });
    const bad = fc.tuple(fc.array(name, { maxLength: 3 }), step, fc.array(name, { maxLength: 3 }));
    fc.assert(
      fc.property(bad, ([before, middle, after]) => {
        expect(withPath([...before, middle, ...after].join('/'))).toHaveProperty('flaw');
      }),
    );
    expect(withPath('/etc/passwd')).toHaveProperty('flaw');
    expect(withPath('rows/fine')).toHaveProperty('manifest');
  });
});

describe.each(engines)('by %s: a write that fails leaves nothing that looks like a backup', (engine) => {
  /** Rows that no compressor makes small. */
  const big = `${small}; INSERT INTO a SELECT i, string_agg(md5(i || ':' || j), '') FROM generate_series(2, 400) i, generate_series(1, 20) j GROUP BY i`;

  test('on a full disk', async () => {
    await onDatabaseOf(big, async (root, database) => {
      const disk = join(root, 'disk');
      await mkdir(disk);
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96k', 'tmpfs', disk], { stdio: 'pipe' });
      } catch {
        console.warn('no tmpfs may be mounted here: a full disk is not tested');
        return;
      }
      try {
        const settings = await settingsOf(root, database);
        await expect(backupFull(settings, { engine, to: disk })).rejects.toMatchObject({
          code: expect.stringMatching(/^(FILE_UNWRITABLE|DUMP_FAILED)$/),
        });
        expect(await readdir(disk)).toEqual([]);
      } finally {
        execFileSync('umount', [disk]);
      }
    });
  });

  test('beyond the greatest size of a file', async () => {
    if (process.platform === 'win32') return console.warn('Windows has no ulimit');
    await onDatabaseOf(big, async (root, database) => {
      const line = `ulimit -f 32; exec "${process.execPath}" "${compiled('src/cli/main.ts')}" backup full --engine ${engine}`;
      const { JEST_WORKER_ID: _, ...env } = process.env;
      const child = spawn('bash', ['-c', line], {
        cwd: root,
        env: { ...env, NODE_OPTIONS: '', DATABASE_URL: urlOf(database) },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const [, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
      expect(code).not.toBe(0);
      await expectNone(join(root, 'backups'));
    });
  });

  test('in a folder of somebody else', async () => {
    if (process.getuid?.() !== 0) return console.warn('only root can become another account');
    await onDatabaseOf(small, async (root, database) => {
      await chmod(root, 0o755);
      await mkdir(join(root, 'backups'), { mode: 0o755 });
      const child = await runChild(
        `import { backupFull } from '#src/backup.js';
         import { loadSettings } from '#src/settings/load.js';
         const [cwd, url] = process.argv.slice(-2);
         loadSettings({ cwd, env: {}, flags: { url, backups: cwd + '/backups' } })
           .then((settings) => backupFull(settings, { engine: '${engine}' }))
           .then(() => console.log('made'), (error) => console.log(error.code));`,
        { args: [root, urlOf(database)], uid: 65534 },
      );
      expect([child.stdout.trim(), child.stderr]).toEqual(['FILE_UNWRITABLE', '']);
      await expectNone(join(root, 'backups'));
    });
  });

  test.each(['backup.file-written', 'backup.file-written@3', 'backup.manifest-written'])(
    'killed at %s, and the next one sweeps',
    async (step) => {
      await onDatabaseOf(small, async (root, database) => {
        const killed = spawn(
          process.execPath,
          [compiled('src/cli/main.ts'), 'backup', 'full', '--engine', engine],
          {
            cwd: root,
            env: {
              ...process.env,
              NODE_OPTIONS: '',
              DATABASE_URL: urlOf(database),
              KNEX_SQUASH_FAIL: `${step}:kill`,
            },
            stdio: 'ignore',
          },
        );
        expect((await once(killed, 'close'))[1]).toBe('SIGKILL');
        await expectNone(join(root, 'backups'));
        const { folder } = await backupFull(await settingsOf(root, database), { engine, verify: false });
        expect((await readdir(join(root, 'backups'))).sort()).toEqual([
          folder.slice(join(root, 'backups').length + 1),
          'README.md',
        ]);
      });
    },
  );
});

/** pg_dump and pg_restore that write down how they are called; whatever looks at processes may come too late. */
async function recordingPrograms(root: string): Promise<{ bin: string; log: string }> {
  const [bin, log] = [join(root, 'bin'), join(root, 'calls')];
  await mkdir(bin);
  for (const name of program === null ? [] : ['pg_dump', 'pg_restore']) {
    const real = join(dirname(program ?? ''), name);
    const text = `#!/bin/sh\nprintf '%s\\n' "${name} $*" >> "${log}"\nexec "${real}" "$@"\n`;
    await writeFile(join(bin, name), text, { mode: 0o755 });
  }
  return { bin, log };
}

test('a password stands in no argument, output or file', async () => {
  const canary = 'canary:\\pass word';
  const role = `canary_${Math.random().toString(36).slice(2)}`;
  await query(testServer(), `CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD ${quoteLiteral(canary)}`);
  try {
    await onDatabaseOf(small, async (root, database) => {
      const { bin, log } = await recordingPrograms(root);
      for (const engine of engines) {
        const args = [compiled('src/cli/main.ts'), 'backup', 'full', '--engine', engine, '--json'];
        const { JEST_WORKER_ID: _, ...env } = process.env;
        const child = spawn(process.execPath, args, {
          cwd: root,
          env: {
            ...env,
            NODE_OPTIONS: '',
            PG_BIN: bin,
            DATABASE_URL: urlOf({ ...database, user: role, password: canary }),
          },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let isOver = false;
        const seen = new Set<string>();
        const watch = (async () => {
          while (!isOver) {
            for (const pid of process.platform === 'linux' ? await readdir('/proc') : []) {
              if (/^\d+$/.test(pid)) seen.add(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
            }
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        })();
        const outputs = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
        isOver = true;
        await watch;
        expect(outputs[2]).toEqual([0, null]);
        const called = await readFile(log, 'utf8').catch(() => '');
        if (engine === 'pg_dump') expect(called).toMatch(/pg_dump --no-password.*pg_restore --no-password/s);
        seen.add(called);
        expect([...seen, outputs[0], outputs[1]].filter((each) => each.includes('canary:'))).toEqual([]);
      }
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      for (const entry of entries.filter((each) => each.isFile())) {
        const bytes = await readFile(join(entry.parentPath, entry.name));
        expect([entry.name, bytes.includes('canary:')]).toEqual([entry.name, false]);
      }
    });
  } finally {
    await query(testServer(), `DROP ROLE ${role}`);
  }
});

/** Pieces of names that are something else to a shell, to libpq, to psql, to SQL or to a template. */
const pieces = [
  '"',
  "'",
  ';',
  '--',
  '-f',
  'host=',
  '?',
  '$1',
  '${',
  '`',
  '\\',
  '\\\\copy',
  '(',
  ')',
  ' ',
  '.',
  '\n',
  ':x',
  '%s',
  '/*',
  '$$',
  'é',
];
const hostile = fc
  .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 5 })
  .map((list) => list.join(''));

test('hostile names are inert', async () => {
  const names = fc.uniqueArray(hostile, { minLength: 6, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(names, fc.constantFrom(...engines), async (list, engine) => {
      const [schema = '', ...tables] = list.map((name) => quoteIdent(name));
      const make = tables.map(
        (table) => `CREATE TABLE ${schema}.${table} (${tables.map((column) => `${column} text`).join(', ')});
            INSERT INTO ${schema}.${table} VALUES (${quoteLiteral(list.join(' '))})`,
      );
      await onDatabaseOf([`CREATE SCHEMA ${schema}`, ...make].join(';\n'), async (root, database) => {
        const { manifest } = await backupFull(await settingsOf(root, database), { engine });
        expect(manifest.tables).toHaveLength(tables.length);
        expect(manifest.verified).not.toBeNull();
      });
    }),
    { numRuns: 6 },
  );
});

test('a database of a hostile name is restored', async () => {
  const name = `knex_squash restore"';-- host=evil ?$1\${x}\`\\ ${Math.random().toString(36).slice(2)}`;
  await query(testServer(), `CREATE DATABASE ${quoteIdent(name)} TEMPLATE template0`);
  let kept: string | null = null;
  try {
    const database = onDatabase(testServer(), name);
    await query(database, small);
    await withProject({}, async (root) => {
      // A URL can't hold such a name.
      const settings = { ...(await settingsOf(root, testServer())), connection: database };
      await backupFull(settings, { engine: 'driver' });
      await query(database, 'DROP TABLE a');
      ({ kept } = await restoreFull(settings, { confirmed: name }));
      expect(await query(database, 'SELECT t FROM a')).toEqual([{ t: 'x' }]);
    });
    expect(Buffer.byteLength(kept ?? '')).toBeLessThanOrEqual(63);
  } finally {
    for (const each of [name, kept])
      if (each !== null) await query(testServer(), `DROP DATABASE ${quoteIdent(each)} WITH (FORCE)`);
  }
});
