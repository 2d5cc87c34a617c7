import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recoverSwap, type Swap, swapFiles } from '../src/archive/swap.js';
import { failpoints } from '../src/failpoint.js';
import { runChild } from './support/child.js';
import { withProject } from './support/project.js';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

const files = { 'a/1.js': 'one', 'a/2.js': 'two', 'b/3.js': 'three', 'a/9.js': 'not part of it' };

const oldState = files;
const newState = { 'a/0_baseline.js': 'baseline', 'a/1.js': 'one anew', 'a/9.js': 'not part of it' };

const swapOf = (root: string): Swap => ({
  folders: [join(root, 'a'), join(root, 'b')],
  journalPath: join(root, 'state/journal.json'),
  remove: (['a/1.js', 'a/2.js', 'b/3.js'] as const).map((name) => ({
    path: join(root, name),
    sha256: hash(files[name]),
  })),
  // One of them takes the very place of an old one.
  add: [
    { path: join(root, 'a/0_baseline.js'), contents: 'baseline' },
    { path: join(root, 'a/1.js'), contents: 'one anew' },
  ],
});

/** Every file of the project, our own temporary ones included. */
async function stateOf(root: string): Promise<Record<string, string>> {
  const names = (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const read = async (name: string) => [name.slice(root.length + 1), await readFile(name, 'utf8')] as const;
  return Object.fromEntries(await Promise.all(names.sort().map(read)));
}

const steps = failpoints.filter((step) => step.startsWith('swap.'));
const repeated: Partial<Record<string, number>> = {
  'swap.staged': 2,
  'swap.moved': 3,
  'swap.placed': 2,
  'swap.discarded': 3,
};

/** Every moment of the swap above: `swap.moved@2` is the second time. */
const moments = steps.flatMap((step) =>
  Array.from({ length: repeated[step] ?? 1 }, (_, n) => `${step}@${n + 1}`),
);
const isBeforeCommit = (moment: string) => /journal-written|staged/.test(moment);
const isAfterLanding = (moment: string) => /landed|discarded|finished/.test(moment);

const inChild = (root: string, call: string, fail: string) =>
  runChild(
    `import { recoverSwap, swapFiles } from '#src/archive/swap.js';
    const swap = JSON.parse(process.argv.at(-1));
    await ${call}(swap);`,
    { args: [JSON.stringify(swapOf(root))], env: { KNEX_SQUASH_FAIL: fail } },
  );

afterEach(() => {
  delete process.env.KNEX_SQUASH_FAIL;
});

test('the new files take the place of the old ones, and nothing else is left', async () => {
  await withProject(files, async (root) => {
    await swapFiles(swapOf(root));
    expect(await stateOf(root)).toEqual(newState);
    expect(await recoverSwap(swapOf(root))).toBe('nothing to do');
  });
});

describe('killed at any moment, one recovery gives one side or the other', () => {
  test.each(moments)('%s', async (moment) => {
    await withProject(files, async (root) => {
      const { signal, stderr } = await inChild(root, 'swapFiles', `${moment}:kill`);
      expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' });
      if (!moment.startsWith('swap.finished')) {
        await expect(swapFiles(swapOf(root))).rejects.toMatchObject({ code: 'FILES_CHANGED' });
      }
      const recovery = await recoverSwap(swapOf(root));
      if (isBeforeCommit(moment)) expect([recovery, await stateOf(root)]).toEqual(['rolled back', oldState]);
      else expect(await stateOf(root)).toEqual(newState);
      expect(await recoverSwap(swapOf(root))).toBe('nothing to do');
    });
  });

  test.each([
    ['swap.committed@1', ['swap.moved@1', 'swap.moved@3', 'swap.placed@1', 'swap.placed@2', 'swap.landed@1']],
    ['swap.moved@2', ['swap.moved@2', 'swap.placed@1', 'swap.discarded@1', 'swap.discarded@3']],
    ['swap.placed@1', ['swap.moved@1', 'swap.placed@2', 'swap.discarded@2']],
    ['swap.landed@1', ['swap.discarded@1', 'swap.discarded@2', 'swap.finished@1']],
  ])('killed at %s, and the recovery at each of %j', async (first, seconds) => {
    await withProject(files, async (root) => {
      expect(await inChild(root, 'swapFiles', `${first}:kill`)).toMatchObject({ signal: 'SIGKILL' });
      for (const second of seconds) {
        expect(await inChild(root, 'recoverSwap', `${second}:kill`)).toMatchObject({ stderr: '' });
      }
      await recoverSwap(swapOf(root));
      expect(await stateOf(root)).toEqual(newState);
    });
  });

  test('killed at a random time', async () => {
    for (let round = 0; round < 6; round++) {
      await withProject(files, async (root) => {
        await runChild(
          `import { swapFiles } from '#src/archive/swap.js';
          const swap = JSON.parse(process.argv.at(-1));
          setTimeout(() => process.kill(process.pid, 'SIGKILL'), Math.random() * 12);
          await swapFiles(swap);`,
          { args: [JSON.stringify(swapOf(root))] },
        );
        await recoverSwap(swapOf(root));
        const state = await stateOf(root);
        // Killed while the folders were probed or the journal was written, a file stays that nobody reads.
        const isProbe = /(^state\/\.|\.knex-squash-)[0-9a-f]{12}\.tmp$/;
        const kept = Object.entries(state).filter(([name]) => !isProbe.test(name));
        expect([oldState, newState]).toContainEqual(Object.fromEntries(kept));
      });
    }
  });
});

describe('an error at any moment', () => {
  test.each(moments.flatMap((moment) => [`${moment}:throw`, `${moment}:enospc`]))('%s', async (wish) => {
    await withProject(files, async (root) => {
      const { add, remove, ...places } = swapOf(root);
      process.env.KNEX_SQUASH_FAIL = wish;
      await expect(swapFiles({ ...places, add, remove })).rejects.toMatchObject(
        wish.endsWith('enospc') && !isAfterLanding(wish)
          ? { code: 'FILE_UNWRITABLE' }
          : { message: expect.stringMatching(/on purpose|ENOSPC/) },
      );
      delete process.env.KNEX_SQUASH_FAIL;
      // Before the new files are in place the old ones are back at once; after it a rerun cleans up.
      if (!isAfterLanding(wish)) expect(await stateOf(root)).toEqual(oldState);
      await recoverSwap(places);
      expect(await stateOf(root)).toEqual(isAfterLanding(wish) ? newState : oldState);
    });
  });
});

describe('what was edited is never lost', () => {
  test.each([
    ['an old file was edited before', 'a/2.js', 'edited'],
    ['an old file is gone', 'a/2.js', null],
    ['the place of a new file is taken', 'a/0_baseline.js', 'mine'],
  ])('%s: refused, nothing touched', async (_, name, text) => {
    await withProject(files, async (root) => {
      if (text === null) await rm(join(root, name));
      else await writeFile(join(root, name), text);
      const before = await stateOf(root);
      await expect(swapFiles(swapOf(root))).rejects.toMatchObject({
        code: 'FILES_CHANGED',
        message: expect.stringContaining(join(root, name)),
      });
      expect(await stateOf(root)).toEqual(before);
    });
  });

  test.each([
    ['an old one that was not moved yet', 'swap.moved@1', 'b/3.js', { ...oldState, 'b/3.js': 'mine' }],
    ['the place of a new one', 'swap.moved@3', 'a/0_baseline.js', { ...oldState, 'a/0_baseline.js': 'mine' }],
    [
      'a new one that was placed already',
      'swap.placed@1',
      'a/0_baseline.js',
      { ...oldState, 'a/0_baseline.js': 'mine' },
    ],
    [
      'a new one after the landing',
      'swap.landed@1',
      'a/0_baseline.js',
      { ...newState, 'a/0_baseline.js': 'mine' },
    ],
  ])('after a kill, %s: it stays, the rest is of one side', async (_, moment, name, expected) => {
    await withProject(files, async (root) => {
      await inChild(root, 'swapFiles', `${moment}:kill`);
      await writeFile(join(root, name), 'mine');
      const recovering = recoverSwap(swapOf(root));
      if (moment.startsWith('swap.landed')) await recovering;
      else await expect(recovering).rejects.toMatchObject({ code: 'FILES_CHANGED' });
      expect(await stateOf(root)).toEqual(expected);
      expect(await recoverSwap(swapOf(root))).toBe('nothing to do');
    });
  });

  test('after a kill, an old one that was written anew: both are kept, and the error names both', async () => {
    await withProject(files, async (root) => {
      await inChild(root, 'swapFiles', 'swap.moved@2:kill');
      await writeFile(join(root, 'a/2.js'), 'mine');
      const error = (await recoverSwap(swapOf(root)).catch((caught) => caught)) as Error;
      const aside = /the original is (\S+)\)/.exec(error.message)?.[1] ?? '';
      expect(await readFile(aside, 'utf8')).toBe('two');
      await rm(aside);
      expect(await stateOf(root)).toEqual({ ...oldState, 'a/2.js': 'mine' });
    });
  });
});

test('an old file that is to come again as it is survives a way back before anything was staged', async () => {
  await withProject(files, async (root) => {
    const swap = { ...swapOf(root), add: [{ path: join(root, 'a/1.js'), contents: 'one' }] };
    process.env.KNEX_SQUASH_FAIL = 'swap.journal-written:throw';
    await expect(swapFiles(swap)).rejects.toThrow('on purpose');
    expect(await stateOf(root)).toEqual(oldState);
  });
});

test('an old file that was edited under its new name is not deleted', async () => {
  await withProject(files, async (root) => {
    await inChild(root, 'swapFiles', 'swap.landed:kill');
    const [aside = ''] = Object.keys(await stateOf(root)).filter((name) => name.startsWith('b/'));
    await writeFile(join(root, aside), 'mine');
    await expect(recoverSwap(swapOf(root))).rejects.toMatchObject({
      code: 'FILES_CHANGED',
      message: expect.stringContaining(aside),
    });
    expect(await stateOf(root)).toEqual({ ...newState, [aside]: 'mine' });
  });
});

describe('places', () => {
  test('a read-only folder is FILE_UNWRITABLE before anything is touched', async () => {
    await withProject(files, async (root) => {
      const isRoot = process.getuid?.() === 0;
      const nobody = 65534;
      if (isRoot) {
        await mkdir(join(root, 'state'));
        for (const path of ['', 'a', 'state']) await chown(join(root, path), nobody, nobody);
      }
      await chmod(join(root, 'b'), 0o555);
      const before = await stateOf(root);
      const { stdout } = await runChild(
        `import { swapFiles } from '#src/archive/swap.js';
        await swapFiles(JSON.parse(process.argv.at(-1))).catch(({ code, message }) => console.log(code, message));`,
        { args: [JSON.stringify(swapOf(root))], ...(isRoot ? { uid: nobody } : {}) },
      );
      await chmod(join(root, 'b'), 0o755);
      expect(stdout).toMatch(/^FILE_UNWRITABLE \S+\/b can't be written: EACCES/);
      expect(await stateOf(root)).toEqual(before);
    });
  });

  test.each(['../outside.js', 'c/x.js'])('a path outside of the folders is refused: %s', async (name) => {
    await withProject(files, async (root) => {
      const swap = { ...swapOf(root), add: [{ path: join(root, name), contents: '' }] };
      await expect(swapFiles(swap)).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' });
      expect(await stateOf(root)).toEqual(oldState);
    });
  });

  test('a link that leads out of the folders is not followed', async () => {
    await withProject({ ...files, 'c/x.js': '' }, async (root) => {
      await symlink(join(root, 'c'), join(root, 'a/link'));
      const swap = { ...swapOf(root), add: [{ path: join(root, 'a/link/y.js'), contents: '' }] };
      await expect(swapFiles(swap)).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' });
      expect(existsSync(join(root, 'c/y.js'))).toBe(false);
    });
  });

  test('a journal that leads out of the folders deletes nothing', async () => {
    await withProject({ ...files, 'c/x.js': 'keep' }, async (root) => {
      const swap = swapOf(root);
      const path = join(root, 'c/x.js');
      const journal = {
        formatVersion: 1,
        direction: 'clean',
        remove: [{ path: join(root, 'a/1.js'), aside: path, sha256: hash('keep') }],
        add: [],
      };
      await mkdir(join(root, 'state'));
      await writeFile(swap.journalPath, `${JSON.stringify(journal, null, 2)}\n`);
      await expect(recoverSwap(swap)).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' });
      expect(await readFile(path, 'utf8')).toBe('keep');
    });
  });

  test('a journal that was cut off itself means that nothing was done; another text is refused', async () => {
    await withProject(files, async (root) => {
      const { journalPath } = swapOf(root);
      await mkdir(join(root, 'state'));
      await writeFile(journalPath, '{\n  "formatVersion": 1,\n  "remove": [\n    {\n    }\n');
      expect(await recoverSwap(swapOf(root))).toBe('nothing to do');
      expect(await stateOf(root)).toEqual(oldState);
      await writeFile(journalPath, '{\n}\n');
      await expect(recoverSwap(swapOf(root))).rejects.toMatchObject({ code: 'FILES_CHANGED' });
    });
  });
});
