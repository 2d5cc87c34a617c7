import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { backupFull, backupMigrations } from '../src/backup.js';
import { listBackups, pruneBackups } from '../src/list-backups.js';
import { up } from '../src/migrate.js';
import { restoreMigrations } from '../src/restore.js';
import { squash } from '../src/squash.js';
import { runCli } from './support/cli.js';
import { settingsOf, treeOf } from './support/example.js';
import { createsTable, withProject } from './support/project.js';
import { withDatabase } from './support/server.js';
import { ledgerOf } from './support/squashed.js';

const files = { 'migrations/1.cjs': createsTable('a'), 'migrations/2.cjs': createsTable('b') };

const onMigrated = (fn: (bed: { root: string } & Awaited<ReturnType<typeof open>>) => Promise<void>) =>
  withProject(files, (root) =>
    withDatabase(async (database) => fn({ root, ...(await open(root, database)) })),
  );

async function open(root: string, database: Parameters<typeof settingsOf>[1]) {
  const settings = await settingsOf(root, database);
  await up(settings);
  return { database, settings };
}

const back = ['backup of the migrations', 'backup of the whole database'] as const;

test.each(back)('files and ledger come back from a %s after a squash', async (kind) => {
  await onMigrated(async ({ root, settings, database }) => {
    const before = [await treeOf(join(root, 'migrations')), await ledgerOf(database)];
    const { folder, manifest } =
      kind === back[0]
        ? await backupMigrations(settings)
        : await backupFull(settings, { engine: 'driver', verify: false });
    expect(manifest.migrations.map(({ name }) => name)).toEqual(['1.cjs', '2.cjs']);
    expect(manifest.ledger?.map(({ name }) => name)).toEqual(['1.cjs', '2.cjs']);
    await squash(settings);
    expect(await ledgerOf(database)).not.toEqual(before[1]);
    const dry = await restoreMigrations(settings, { from: folder, dryRun: true });
    expect(dry.restored).toHaveLength(2);
    const done = await restoreMigrations(settings, { from: folder });
    expect([done.restored.length, done.ledger.length]).toEqual([2, 2]);
    expect([await treeOf(join(root, 'migrations')), await ledgerOf(database)]).toEqual(before);
  });
});

test('a lost file comes back, an edited one is left to its author', async () => {
  await onMigrated(async ({ root, database, settings }) => {
    const made = await runCli(['backup', 'migrations'], { root, database });
    expect(made.stdout).toMatch(/-migrations: .*2 migrations, 2 rows of the ledger.*\nverified/);
    const before = await treeOf(join(root, 'migrations'));
    await rm(join(root, 'migrations/1.cjs'));
    await restoreMigrations(settings);
    expect(await treeOf(join(root, 'migrations'))).toEqual(before);
    await writeFile(join(root, 'migrations/1.cjs'), createsTable('mine'));
    await expect(restoreMigrations(settings)).rejects.toMatchObject({ code: 'FILES_CHANGED' });
  });
});

test('prune keeps what it was told to, and the last verified one whatever it was told', async () => {
  await onMigrated(async ({ root, database, settings }) => {
    for (const verify of [true, true, false, false]) {
      await backupFull(settings, { engine: 'driver', verify });
    }
    const names = (await listBackups(settings)).map(({ name }) => name);
    const young = await pruneBackups(settings, { keep: 1, maxAge: 3_600_000 });
    expect(young.removed).toEqual([]);
    const done = await runCli(['backup', 'prune', '--keep', '1'], { root, database });
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('2 stay') });
    const left = await listBackups(settings);
    expect(left.map(({ manifest }) => manifest?.verified === null)).toEqual([true, false]);
    expect(left.every(({ name }) => names.includes(name))).toBe(true);
  });
});
