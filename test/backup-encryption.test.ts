import { appendFile, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { backupFull, backupMigrations, verifyBackup } from '../src/backup.js';
import { withClient } from '../src/database/client.js';
import { restoreMigrations } from '../src/restore.js';
import { restoreFull } from '../src/restore-full.js';
import type { Settings } from '../src/settings/settings.js';
import { settingsOf } from './support/example.js';
import { createsTable, withProject } from './support/project.js';
import { clientProgram, serverMajor, testServer, withDatabase } from './support/server.js';
import { everythingOf } from './support/squashed.js';

const program = await clientProgram('pg_restore', await serverMajor(testServer()));
if (program === null)
  console.warn('no pg_restore is installed: only backups of our own engine are encrypted here');
else process.env.PG_BIN = dirname(program);
const engines = program === null ? (['driver'] as const) : (['driver', 'pg_dump'] as const);

/** A cipher that everybody has: it is about the way there and back. */
const toEach = `"${process.execPath}" -e "process.stdin.on('data', (d) => process.stdout.write(d.map((b) => b ^ 0x5a)))"`;
const encryption = { encrypt: toEach, decrypt: toEach };

const canary = 'canary of a value';

async function onSecret(fn: (root: string, settings: Settings) => Promise<void>): Promise<void> {
  await withProject({ 'migrations/1.cjs': createsTable('canary') }, (root) =>
    withDatabase(async (database) => {
      const sql = `CREATE TABLE canary_table (t text); INSERT INTO canary_table VALUES ('${canary}')`;
      await withClient(database, (client) => client.query(sql));
      await fn(root, { ...(await settingsOf(root, database)), encryption });
    }),
  );
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test.each(engines)(
  'a backup by %s is encrypted, verified and restored by the commands of the settings',
  async (engine) => {
    await onSecret(async (root, settings) => {
      const { folder, manifest } = await backupFull(settings, { engine, globals: true });
      expect(manifest.verified).not.toBeNull();
      const names = (await filesOf(folder)).map((path) => path.slice(folder.length + 1)).sort();
      expect(names.filter((name) => !name.endsWith('.enc'))).toEqual([
        '.gitignore',
        'README.md',
        'manifest.json',
      ]);
      for (const path of await filesOf(folder)) {
        if (path.endsWith('.enc')) expect((await readFile(path)).includes('canary')).toBe(false);
      }
      const before = await everythingOf(settings.connection ?? {});
      await withClient(settings.connection ?? {}, (client) => client.query('DROP TABLE canary_table'));
      const { kept } = await restoreFull(settings, { confirmed: settings.connection?.database ?? '' });
      expect(await everythingOf(settings.connection ?? {})).toBe(before);
      await withClient(testServer(), (client) => client.query(`DROP DATABASE "${kept}" WITH (FORCE)`));
      // Nothing in the clear stays behind.
      expect((await readdir(join(root, 'backups'))).filter((name) => name.startsWith('.'))).toEqual([]);
    });
  },
);

test('one that was altered is refused before it is decrypted, one without a command by name', async () => {
  await onSecret(async (root, settings) => {
    const { folder } = await backupFull(settings, { engine: 'driver' });
    await expect(verifyBackup({ ...settings, encryption: null }, folder)).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: expect.stringContaining('is encrypted'),
    });
    const witness = join(root, 'witness');
    const telling = { ...encryption, decrypt: `touch "${witness}"; cat` };
    await expect(verifyBackup({ ...settings, encryption: telling }, folder)).rejects.toMatchObject({
      code: 'BACKUP_INVALID',
    });
    expect(await readdir(root)).toContain('witness');
    await appendFile(join(folder, 'catalog.json.enc'), 'x');
    const later = { ...encryption, decrypt: `touch "${witness} again"; cat` };
    await expect(verifyBackup({ ...settings, encryption: later }, folder)).rejects.toMatchObject({
      code: 'BACKUP_INVALID',
      message: expect.stringContaining('catalog.json.enc was altered'),
    });
    expect(await readdir(root)).not.toContain('witness again');
  });
});

test('a command that fails is named, and leaves nothing that looks like a backup', async () => {
  await onSecret(async (root, settings) => {
    const failing = { ...encryption, encrypt: 'echo no key >&2; exit 3' };
    await expect(
      backupFull({ ...settings, encryption: failing }, { engine: 'driver' }),
    ).rejects.toMatchObject({
      code: 'DUMP_FAILED',
      message: expect.stringContaining('no key'),
    });
    expect(await readdir(join(root, 'backups'))).toEqual([]);
  });
});

test('migrations come back from an encrypted backup', async () => {
  await onSecret(async (root, settings) => {
    const { folder } = await backupMigrations(settings);
    const path = join(root, 'migrations/1.cjs');
    const before = await readFile(path, 'utf8');
    await rm(path);
    await restoreMigrations(settings, { from: folder });
    expect(await readFile(path, 'utf8')).toBe(before);
  });
});
