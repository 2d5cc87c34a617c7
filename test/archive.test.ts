import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseManifest } from '../src/archive/manifest.js';
import { archivedMigrations, findArchive, readArchive } from '../src/archive/read.js';
import { type ArchiveContents, writeArchive } from '../src/archive/write.js';
import { failpoints } from '../src/failpoint.js';
import { runChild } from './support/child.js';
import { withProject, writeIn } from './support/project.js';

const hash = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');

const files = {
  'migrations/1.ts': `import { ran } from '../lib/source';\nexport const up = async () => ran;\n`,
  'migrations/2.js': 'exports.up = async () => {};\r\n',
  'other/A.js': `exports.up = async () => 'A';`,
  'lib/source.ts': `export const ran: string = 'ran';`,
};

const contentsOf = (root: string, changes: Partial<ArchiveContents> = {}): ArchiveContents => ({
  backups: join(root, 'backups'),
  root,
  createdAt: new Date('2026-11-23T08:15:00Z'),
  toolVersion: '0.1.0',
  serverMajor: 15,
  revision: '0123456789ab',
  baseline: { name: '1_b.js', path: join(root, 'migrations/1_b.js'), sha256: hash('b') },
  fingerprints: { history: hash('h'), baseline: hash('b') },
  files: (['migrations/1.ts', 'migrations/2.js', 'other/A.js'] as const).map((name) => ({
    name: name.slice(name.indexOf('/') + 1),
    path: join(root, name),
    sha256: hash(files[name]),
  })),
  attachments: [{ path: 'catalog/expected.json', contents: '{"objects":[]}' }],
  ledger: [{ id: 1, name: '1.ts', batch: 1, migrationTime: '2026-01-01 00:00:00.000000+00' }],
  ...changes,
});

const withArchive = <T>(
  fn: (folder: string, root: string) => Promise<T>,
  changes?: Partial<ArchiveContents>,
) => withProject(files, async (root) => fn((await writeArchive(contentsOf(root, changes))).folder, root));

const listing = async (folder: string) => (await readdir(folder, { recursive: true })).sort();

test('an archive holds the originals byte for byte, in order, and reads back', async () => {
  await withArchive(async (folder, root) => {
    expect(folder).toBe(join(root, 'backups/20261123T081500Z'));
    const { manifest, contents } = await readArchive(folder);
    expect(manifest.files.map(({ name, path, originalPath }) => [name, path, originalPath])).toEqual([
      ['1.ts', 'migrations/1.ts', 'migrations/1.ts'],
      ['2.js', 'migrations/2.js', 'migrations/2.js'],
      ['A.js', 'migrations/A.js', 'other/A.js'],
    ]);
    expect(manifest).toMatchObject({
      baseline: { path: 'migrations/1_b.js' },
      ledger: [{ id: 1, batch: 1 }],
      createdAt: '2026-11-23T08:15:00.000Z',
    });
    expect(contents.get('migrations/2.js')?.toString()).toBe(files['migrations/2.js']);
    expect(await listing(folder)).toEqual([
      '.gitattributes',
      'catalog',
      'catalog/expected.json',
      'manifest.json',
      'migrations',
      'migrations/1.ts',
      'migrations/2.js',
      'migrations/A.js',
    ]);
    expect(await readdir(join(root, 'backups'))).toEqual(['20261123T081500Z']);
  });
});

test('archived migrations run, their imports resolved from where they lay', async () => {
  await withArchive(async (folder, root) => {
    await rm(join(root, 'migrations'), { recursive: true });
    await writeIn(root, 'migrations/1.ts', `throw new Error('not this one');`);
    const [first] = archivedMigrations(await readArchive(folder), root);
    expect(await (await first?.load())?.up(undefined as never)).toBe('ran');
  });
});

test('names that another system can not have are told apart and kept', async () => {
  await withProject({ 'a/X:1.js': 'one', 'b/x_1.js': 'two', 'c/X_1.js': 'three' }, async (root) => {
    const named = (path: string, text: string) => ({
      name: path,
      path: join(root, path),
      sha256: hash(text),
    });
    const changes = {
      files: [named('a/X:1.js', 'one'), named('b/x_1.js', 'two'), named('c/X_1.js', 'three')],
    };
    const { manifest } = await writeArchive(contentsOf(root, changes));
    expect(manifest.files.map(({ path, originalPath }) => [path, originalPath])).toEqual([
      ['migrations/X_1.js', 'a/X:1.js'],
      ['migrations/2-x_1.js', 'b/x_1.js'],
      ['migrations/3-X_1.js', 'c/X_1.js'],
    ]);
  });
});

test('two archives of one second get two folders', async () => {
  await withArchive(async (_, root) => {
    const second = await writeArchive(contentsOf(root));
    expect(second.folder).toBe(join(root, 'backups/20261123T081500Z-2'));
  });
});

test('a file that changed since it was proved is not archived', async () => {
  await withProject(files, async (root) => {
    await writeIn(root, 'migrations/2.js', 'edited');
    await expect(writeArchive(contentsOf(root))).rejects.toMatchObject({ code: 'FILES_CHANGED' });
    expect(await readdir(root)).not.toContain('backups');
  });
});

describe('what is altered is refused by name', () => {
  const refused = (folder: string, path: string, flaw: RegExp) =>
    expect(readArchive(folder)).rejects.toMatchObject({
      code: 'ARCHIVE_INVALID',
      message: expect.stringMatching(new RegExp(`${path.replaceAll('.', '\\.')} ${flaw.source}`)),
    });

  test('every flipped bit of every byte, and every truncation, of every file', async () => {
    await withArchive(async (folder) => {
      let tried = 0;
      for (const name of (await listing(folder)).filter((path) => /\./.test(path))) {
        const path = join(folder, name);
        const bytes = await readFile(path);
        for (let place = 0; place < bytes.length; place++) {
          const flipped = Buffer.from(bytes);
          flipped[place] = (flipped[place] ?? 0) ^ (1 << (place % 8));
          await writeFile(path, flipped);
          const isAccepted = await readArchive(folder).then(
            () => true,
            () => false,
          );
          if (isAccepted) throw new Error(`a flip of byte ${place} of ${name} was accepted`);
          tried++;
        }
        for (let length = 0; length < bytes.length; length += 7) {
          await writeFile(path, bytes);
          await truncate(path, length);
          const isAccepted = await readArchive(folder).then(
            () => true,
            () => false,
          );
          if (isAccepted) throw new Error(`${name} truncated to ${length} was accepted`);
          tried++;
        }
        await writeFile(path, bytes);
      }
      expect(tried).toBeGreaterThan(2_000);
      await readArchive(folder);
    });
  });

  test('a missing, an additional and a swapped file', async () => {
    await withArchive(async (folder) => {
      const [one, two] = [join(folder, 'migrations/1.ts'), join(folder, 'migrations/2.js')];
      await writeFile(join(folder, 'migrations/3.js'), '');
      await refused(folder, 'migrations/3.js', /is not in its manifest/);
      await rm(join(folder, 'migrations/3.js'));
      await rename(one, `${folder}.kept`);
      await refused(folder, 'migrations/1.ts', /is missing/);
      await cp(two, one);
      await refused(folder, 'migrations/1.ts', /was altered/);
      await rename(`${folder}.kept`, one);
      await readArchive(folder);
      await rm(join(folder, 'manifest.json'));
      await refused(folder, 'manifest.json', /is missing/);
    });
  });

  test('symbolic links: of a file with the very bytes, of a folder, of the archive', async () => {
    await withArchive(async (folder, root) => {
      const file = join(folder, 'migrations/1.ts');
      await rm(file);
      await symlink(join(root, 'migrations/1.ts'), file);
      await refused(folder, 'migrations/1.ts', /is a symbolic link/);
      await rm(file);
      await cp(join(root, 'migrations/1.ts'), file);
      await readArchive(folder);
      await rename(join(folder, 'migrations'), join(root, 'moved'));
      await symlink(join(root, 'moved'), join(folder, 'migrations'));
      await refused(folder, 'migrations', /is a symbolic link/);
      await symlink(folder, join(root, 'link'));
      await refused(join(root, 'link'), '.', /is no folder/);
    });
  });

  test('an edited manifest, even one that says the same in other words', async () => {
    await withArchive(async (folder) => {
      const path = join(folder, 'manifest.json');
      const text = await readFile(path, 'utf8');
      for (const edited of [
        text.replace('"serverMajor": 15', '"serverMajor": 16'),
        JSON.stringify(JSON.parse(text)),
        text.replace('"revision"', '"revisio\\u006e"'),
        text.replace('{', '{ "extra": 1,'),
        text.replace('"toolVersion": "0.1.0"', '"toolVersion": "0.0.9", "toolVersion": "0.1.0"'),
      ]) {
        expect(edited).not.toBe(text);
        await writeFile(path, edited);
        await refused(folder, 'manifest.json', /(was altered|is invalid)/);
      }
    });
  });

  test('paths that lead out, with a hash that fits', async () => {
    await withArchive(async (folder) => {
      const { manifest } = await readArchive(folder);
      const [first, ...others] = manifest.files;
      const segments = fc.constantFrom('..', '.', '', '/', 'a', 'C:', '\\', '..\\b', 'x\0', 'con.', '~');
      const { sealManifest, renderManifest } = await import('../src/archive/manifest.js');
      const parsed = (path: string) => {
        const { sha256: _, ...rest } = manifest;
        const files = [{ ...first, path }, ...others] as typeof manifest.files;
        return parseManifest(renderManifest(sealManifest({ ...rest, files })));
      };
      expect(parsed('migrations/fine.js')).toHaveProperty('manifest');
      fc.assert(
        fc.property(fc.array(segments, { minLength: 1, maxLength: 4 }), (parts) => {
          const path = parts.join('/');
          const isPlain = parts.every((part) => part === 'a' || part === '~');
          expect('manifest' in parsed(path)).toBe(isPlain);
        }),
      );
    });
  });
});

describe('an archive is found by its revision', () => {
  test('the latest of several, whatever else lies there', async () => {
    await withArchive(async (_, root) => {
      const backups = join(root, 'backups');
      await writeArchive(contentsOf(root, { revision: 'ffffffffffff', createdAt: new Date('2026-12-01') }));
      const newer = await writeArchive(contentsOf(root, { createdAt: new Date('2026-11-30') }));
      await mkdir(join(backups, '20990101T000000Z'));
      expect((await findArchive(backups, '0123456789ab')).folder).toBe(newer.folder);
    });
  });

  test('a missing one is named, and which ones could not be read', async () => {
    await withArchive(async (folder, root) => {
      await writeFile(join(folder, 'manifest.json'), '{');
      await expect(findArchive(join(root, 'backups'), '0123456789ab')).rejects.toMatchObject({
        code: 'ARCHIVE_MISSING',
        message: expect.stringMatching(
          /revision 0123456789ab lies in .*backups; unreadable there: 20261123T081500Z$/,
        ),
        hint: expect.stringContaining('backups/<timestamp>'),
      });
      await expect(findArchive(join(root, 'nowhere'), '0123456789ab')).rejects.toMatchObject({
        code: 'ARCHIVE_MISSING',
      });
    });
  });

  test('one that is broken is refused, not passed over', async () => {
    await withArchive(async (folder, root) => {
      await writeFile(join(folder, 'migrations/2.js'), 'edited');
      await expect(findArchive(join(root, 'backups'), '0123456789ab')).rejects.toMatchObject({
        code: 'ARCHIVE_INVALID',
      });
    });
  });
});

describe('a failed write leaves no archive', () => {
  const steps = failpoints.filter((step) => step.startsWith('archive.'));
  afterEach(() => {
    delete process.env.KNEX_SQUASH_FAIL;
  });

  test.each(steps.filter((step) => step !== 'archive.finished'))('a full disk at %s', async (step) => {
    await withProject(files, async (root) => {
      process.env.KNEX_SQUASH_FAIL = `${step}:enospc`;
      await expect(writeArchive(contentsOf(root))).rejects.toMatchObject({
        code: 'FILE_UNWRITABLE',
        hint: expect.stringContaining('space'),
      });
      expect(await readdir(join(root, 'backups'))).toEqual([]);
    });
  });

  test.each(steps)('killed at %s: none or a whole one, and the next write clears the rest', async (step) => {
    await withProject(files, async (root) => {
      const contents = contentsOf(root);
      const { signal, stderr } = await runChild(
        `import { writeArchive } from '#src/archive/write.js';
        const contents = JSON.parse(process.argv.at(-1));
        await writeArchive({ ...contents, createdAt: new Date(contents.createdAt) });`,
        { args: [JSON.stringify(contents)], env: { KNEX_SQUASH_FAIL: `${step}:kill` } },
      );
      expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' });
      const found = await findArchive(contents.backups, contents.revision).catch((error) => error.code);
      if (step === 'archive.finished') expect(found).toHaveProperty('manifest.revision', contents.revision);
      else expect(found).toBe('ARCHIVE_MISSING');
      const { folder } = await writeArchive({ ...contents, createdAt: new Date('2027-01-01T00:00:00Z') });
      await readArchive(folder);
      expect((await readdir(contents.backups)).filter((name) => name.startsWith('.'))).toEqual([]);
    });
  });
});
