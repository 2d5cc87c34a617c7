import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, ClientConfig } from 'pg';
import { adoptBaseline } from '../src/adopt/stamp.js';
import { restoreLedger, restoreMigrations } from '../src/archive/restore.js';
import { swapFiles } from '../src/archive/swap.js';
import { writeArchive } from '../src/archive/write.js';
import { withClient } from '../src/database/client.js';
import { connectionUrl } from '../src/history/environment.js';
import { ensureLedger, insertRow, locateLedger, readLedger } from '../src/history/ledger.js';
import { readRevisions } from '../src/history/revision.js';
import { runChild } from './support/child.js';
import { withProject } from './support/project.js';
import { withDatabase } from './support/server.js';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

const originals = { 'a/1.js': 'one\r\n', 'a/2.js': '\uFEFFtwo', 'b/3.ts': 'three' };
const files = { ...originals, 'a/4.js': 'later' };
const baseline = 'a/1_baseline_0123456789ab.js';

interface Squashed {
  readonly root: string;
  readonly archive: string;
  restore(): ReturnType<typeof restoreMigrations>;
  state(): Promise<Record<string, string>>;
}

/** A project after a squash: the originals archived, the baseline in their place. */
const squashed = (fn: (project: Squashed) => Promise<unknown>) =>
  withProject(files, async (root) => {
    const places = { folders: [join(root, 'a'), join(root, 'b')], journalPath: join(root, 'state/journal') };
    const remove = Object.entries(originals).map(([name, text]) => ({
      name: name.slice(2),
      path: join(root, name),
      sha256: hash(text),
    }));
    const { folder: archive } = await writeArchive({
      backups: join(root, 'backups'),
      root,
      createdAt: new Date('2026-11-23T08:15:00Z'),
      toolVersion: '0.1.0',
      serverMajor: 15,
      revision: '0123456789ab',
      baseline: { name: baseline.slice(2), path: join(root, baseline), sha256: hash('baseline') },
      fingerprints: { history: '', baseline: '' },
      files: remove,
      ledger: null,
    });
    await swapFiles({ ...places, remove, add: [{ path: join(root, baseline), contents: 'baseline' }] });
    await fn({
      root,
      archive,
      restore: () => restoreMigrations({ ...places, archive, root }),
      state: async () => {
        const entries = await readdir(root, { recursive: true, withFileTypes: true });
        const names = entries
          .filter((entry) => entry.isFile())
          .map(({ parentPath, name }) => join(parentPath, name));
        const own = names.filter((name) => !name.startsWith(join(root, 'backups'))).sort();
        const read = async (name: string) =>
          [name.slice(root.length + 1), await readFile(name, 'utf8')] as const;
        return Object.fromEntries(await Promise.all(own.map(read)));
      },
    });
  });

describe('the files', () => {
  test('come back byte for byte, and the baseline goes', async () => {
    await squashed(async ({ root, restore, state }) => {
      expect(Object.keys(await state())).toEqual([baseline, 'a/4.js']);
      const { restored, removed } = await restore();
      expect(await state()).toEqual(files);
      expect(restored).toEqual(Object.keys(originals).map((name) => join(root, name)));
      expect(removed).toBe(join(root, baseline));
      // And again: there is nothing left to do.
      expect(await restore()).toMatchObject({ restored: [], removed: null });
      expect(await state()).toEqual(files);
    });
  });

  test('come back into a folder that git has not kept', async () => {
    await squashed(async ({ root, restore, state }) => {
      await rm(join(root, 'b'), { recursive: true });
      await restore();
      expect(await state()).toEqual(files);
    });
  });

  test.each([
    ['an edited baseline', baseline, 'FILES_CHANGED'],
    ["another file in an original's place", 'a/2.js', 'FILES_CHANGED'],
    ['an altered archive', 'backups/20261123T081500Z/migrations/1.js', 'ARCHIVE_INVALID'],
  ])('%s is refused and nothing changes', async (_, name, code) => {
    await squashed(async ({ root, restore, state }) => {
      await writeFile(join(root, name), 'edited');
      const before = await state();
      await expect(restore()).rejects.toMatchObject({
        code,
        message: expect.stringContaining(name.split('/').at(-1) ?? ''),
      });
      expect(await state()).toEqual(before);
    });
  });

  test('an archive whose originals lay elsewhere is refused', async () => {
    await squashed(async ({ root, archive, state }) => {
      const before = await state();
      const restore = { folders: [join(root, 'b')], journalPath: join(root, 'state/journal'), archive, root };
      await expect(restoreMigrations(restore)).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' });
      expect(await state()).toEqual(before);
    });
  });
});

describe('the ledger', () => {
  const settings = { tableName: 'knex_migrations', schemaName: null };
  const manifest = {
    name: 'base.js',
    revision: '0123456789ab',
    replaces: ['1.js', '2.js', '3.js'].map((name) => ({ name })),
  };
  const adoption = {
    name: 'base.js',
    revision: '0123456789ab',
    replaces: manifest.replaces,
    fingerprint: 'f',
    toolVersion: '0.1.0',
  };

  const withLedger = (names: string, fn: (client: Client, config: ClientConfig) => Promise<unknown>) =>
    withDatabase((config) =>
      withClient(config, async (client) => {
        const place = await ensureLedger(client, settings);
        await client.query('ALTER SEQUENCE knex_migrations_id_seq RESTART 5');
        for (const [n, name] of names.split(' ').entries())
          await insertRow(client, place, { name, batch: 1 + (n >> 1) });
        await fn(client, config);
      }),
    );

  test('comes back as it was: ids, batches, times; later rows stay', async () => {
    await withLedger('0.js 1.js 2.js 3.js', async (client, config) => {
      await client.query(`UPDATE knex_migrations SET migration_time = NULL WHERE name = '2.js'`);
      const before = await readLedger(client, settings);
      await adoptBaseline(config, settings, adoption);
      await insertRow(client, await ensureLedger(client, settings), { name: '4.js', batch: 3 });
      const [later] = ((await readLedger(client, settings)) ?? []).slice(-1);
      // As after a dump that was loaded without its sequences.
      await client.query('ALTER SEQUENCE knex_migrations_id_seq RESTART 1');
      expect(await restoreLedger(config, settings, manifest)).toEqual(before?.slice(1));
      expect(await readLedger(client, settings)).toEqual([...(before ?? []), later]);
      expect(await readRevisions(client, await locateLedger(client, settings))).toEqual([]);
      await insertRow(client, await ensureLedger(client, settings), { name: '5.js', batch: 4 });
      expect(((await readLedger(client, settings)) ?? []).at(-1)).toMatchObject({ id: 10, name: '5.js' });
      // And the baseline can be adopted anew.
      expect((await adoptBaseline(config, settings, adoption)).kind).toBe('adopted');
    });
  });

  test('of a database that the baseline built names the originals instead', async () => {
    await withLedger('base.js 4.js', async (client, config) => {
      const [base] = (await readLedger(client, settings)) ?? [];
      await restoreLedger(config, settings, manifest);
      const time = base?.migrationTime;
      expect(await readLedger(client, settings)).toMatchObject([
        { id: 6, name: '4.js' },
        { id: 7, name: '1.js', batch: 1, migrationTime: time },
        { id: 8, name: '2.js', batch: 1, migrationTime: time },
        { id: 9, name: '3.js', batch: 1, migrationTime: time },
      ]);
    });
  });

  test('that does not name the baseline is left alone', async () => {
    await withLedger('1.js 2.js 3.js', async (client, config) => {
      const before = await readLedger(client, settings);
      expect(await restoreLedger(config, settings, manifest)).toEqual([]);
      expect(await readLedger(client, settings)).toEqual(before);
    });
  });

  test.each([
    ['an id that is taken', `INSERT INTO knex_migrations (id, name, batch) VALUES (6, 'other', 9)`],
    ['a replaced name that is there', `INSERT INTO knex_migrations (name, batch) VALUES ('2.js', 9)`],
  ])('%s is LEDGER_MISMATCH, and nothing is written', async (_, statement) => {
    await withLedger('1.js 2.js 3.js', async (client, config) => {
      await adoptBaseline(config, settings, adoption);
      await client.query(statement);
      const before = await readLedger(client, settings);
      await expect(restoreLedger(config, settings, manifest)).rejects.toMatchObject({
        code: 'LEDGER_MISMATCH',
      });
      expect(await readLedger(client, settings)).toEqual(before);
    });
  });

  test.each(['restore.deleted', 'restore.inserted', 'restore.forgotten'])(
    'killed at %s is as it was before',
    async (step) => {
      await withLedger('1.js 2.js 3.js', async (client, config) => {
        const original = await readLedger(client, settings);
        await adoptBaseline(config, settings, adoption);
        const before = await readLedger(client, settings);
        const { signal, stderr } = await runChild(
          `import { restoreLedger } from '#src/archive/restore.js';
        const [url, settings, manifest] = process.argv.slice(-3);
        await restoreLedger({ connectionString: url }, JSON.parse(settings), JSON.parse(manifest));`,
          {
            args: [connectionUrl(config), JSON.stringify(settings), JSON.stringify(manifest)],
            env: { KNEX_SQUASH_FAIL: `${step}:kill` },
          },
        );
        expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' });
        expect(await readLedger(client, settings)).toEqual(before);
        await restoreLedger(config, settings, manifest);
        expect(await readLedger(client, settings)).toEqual(original);
      });
    },
  );
});
