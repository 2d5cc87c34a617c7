import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { databaseName, withClient } from '../src/database/client.js';
import { type Failpoint, failpoints } from '../src/failpoint.js';
import { up } from '../src/migrate.js';
import { reset } from '../src/reset.js';
import { resolveMigration } from '../src/resolve.js';
import { restoreMigrations, undoAdoption } from '../src/restore.js';
import type { Settings } from '../src/settings/settings.js';
import { figure, isLong, longTimeout, rounds } from './support/chaos.js';
import { runCli } from './support/cli.js';
import { treeOf } from './support/example.js';
import { withProject } from './support/project.js';
import {
  type Bed,
  everythingOf,
  later,
  laterNames,
  ledgerOf,
  lendBed,
  names,
  originals,
  support,
} from './support/squashed.js';

const beside = {
  'migrations/6_beside.cjs': `exports.config = { transaction: false };
exports.up = (knex) => knex.raw('CREATE TABLE beside (id int)');
exports.down = (knex) => knex.raw('DROP TABLE beside');
`,
};

let bed: Bed;
let release: () => Promise<void>;

beforeAll(async () => {
  [bed, release] = await lendBed({ more: { ...later, ...beside } });
}, 120_000);

afterAll(() => release());

const allLater = [...laterNames, '6_beside.cjs'];

const namesIn = async (database: ClientConfig) =>
  (await ledgerOf(database)).map((row) => row.replace(/^\d+ |:\d+$/g, ''));

/** A command that is killed at a step, what may be there then, and what one more run makes of it. */
interface Scene {
  readonly steps: readonly Failpoint[];
  readonly ran: readonly string[];
  readonly args: (database: ClientConfig) => readonly string[];
  /** The same in this process, for the second attempt: it takes less time than the command line. */
  readonly again: (settings: Settings) => Promise<unknown>;
  readonly prepare?: (database: ClientConfig) => Promise<unknown>;
  /** Ledgers at which it may have been cut off; the last one is the end. */
  readonly ledgers: () => readonly (readonly string[])[];
  /** Run before the second attempt, where a human has to look. */
  readonly look?: (database: ClientConfig, step: Failpoint) => Promise<unknown>;
}

const scenes: Readonly<Record<string, Scene>> = {
  'adopt and run what is pending': {
    steps: [
      'adopt.locked',
      'adopt.recorded',
      'adopt.deleted',
      'adopt.stamped',
      'migrate.started',
      'migrate.acted',
      'migrate.ended',
    ],
    ran: names,
    args: () => ['up'],
    again: up,
    ledgers: () => [names, [bed.baseline], [bed.baseline, ...laterNames], [bed.baseline, ...allLater]],
    look: async (database, step) => {
      if (step !== 'migrate.started' && step !== 'migrate.acted') return;
      const as = step === 'migrate.acted' ? 'applied' : 'rolled back';
      const settings = await bed.settings(database);
      // The server needs a moment to see that the client is gone.
      for (;;) {
        const done = await resolveMigration(settings, { name: '6_beside.cjs', as }).then(
          () => true,
          (error: { code?: string }) => {
            if (error.code !== 'LOCK_TIMEOUT') throw error;
            return false;
          },
        );
        if (done) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  },
  'catch up': {
    steps: ['migrate.locked', 'migrate.recorded', 'migrate.committed', 'catch-up.finished'],
    ran: names.slice(0, 2),
    args: () => ['up'],
    again: up,
    ledgers: () => [
      names.slice(0, 2),
      names.slice(0, 3),
      names,
      [bed.baseline],
      [bed.baseline, ...laterNames],
      [bed.baseline, ...allLater],
    ],
  },
  undo: {
    steps: ['restore.deleted', 'restore.inserted', 'restore.forgotten'],
    ran: names,
    prepare: async (database) => up(await bed.settings(database)),
    args: () => ['adopt', '--undo'],
    again: undoAdoption,
    ledgers: () => [
      [bed.baseline, ...allLater],
      [...names, ...allLater],
    ],
  },
  resolve: {
    steps: ['resolve.recorded'],
    ran: names,
    prepare: async (database) => {
      await up(await bed.settings(database));
      await withClient(database, (client) =>
        client.query(`DELETE FROM knex_migrations WHERE name = '6_beside.cjs';
          UPDATE knex_migrations_progress SET state = 'started', run = 1; UPDATE knex_migrations_lock SET is_locked = 1`),
      );
    },
    args: () => ['resolve', '--applied', '6_beside.cjs'],
    again: (settings) => resolveMigration(settings, { name: '6_beside.cjs', as: 'applied' }),
    ledgers: () => [
      [bed.baseline, ...laterNames],
      [bed.baseline, ...allLater],
    ],
  },
  reset: {
    steps: ['reset.dropped'],
    ran: names,
    args: (database) => ['reset', '--yes-really', database.database ?? ''],
    again: (settings) => reset(settings, { confirmed: databaseName(settings.connection ?? {}) ?? null }),
    ledgers: () => [names, [bed.baseline, ...allLater]],
  },
};

const sorted = (list: readonly string[]) => [...list].sort();

describe.each(Object.entries(scenes))('%s', (name, { steps, ran, args, again, prepare, ledgers, look }) => {
  test.each(steps)(
    'killed at %s is as before or as after, and one more run completes it',
    async (step) => {
      for (let round = 0; round < rounds(1, 25); round++) {
        await bed.at(ran, async (database) => {
          await prepare?.(database);
          const at = { root: bed.root, database };
          const killed = await runCli(args(database), at, { KNEX_SQUASH_FAIL: `${step}:kill` });
          expect(killed).toMatchObject({ signal: 'SIGKILL' });
          expect(ledgers().map(sorted)).toContainEqual(sorted(await namesIn(database)));
          await look?.(database, step);
          if (sorted(await namesIn(database)).join() !== sorted(ledgers().at(-1) ?? []).join()) {
            if (isLong) expect(await runCli(args(database), at)).toMatchObject({ code: 0 });
            else await again(await bed.settings(database));
          }
          expect(sorted(await namesIn(database))).toEqual(sorted(ledgers().at(-1) ?? []));
          const { rows } = await withClient(database, (client) =>
            client.query('SELECT is_locked FROM knex_migrations_lock'),
          );
          expect(rows).toEqual([{ is_locked: 0 }]);
        });
      }
      figure(`SIGKILL at ${step} (${name}): ${rounds(1, 25)} times, 0 bad`);
    },
    longTimeout,
  );
});

/** Those of a squash and of its way back; in `npm test` archive.test.ts and swap.test.ts strike them all. */
const squashSteps = failpoints.filter((step) => /^(archive|swap)\./.test(step));
const fewSquashSteps: readonly Failpoint[] = ['swap.moved'];
const fewRestoreSteps: readonly Failpoint[] = ['swap.landed'];

describe('squash and restore migrations', () => {
  const tree = async (root: string) => treeOf(join(root, 'migrations'));

  test.each(isLong ? squashSteps : fewSquashSteps)(
    'a squash killed at %s',
    async (step) => {
      for (let round = 0; round < rounds(1, 5); round++) {
        await withProject({ ...support, ...originals }, async (root) => {
          await bed.at(names, async (database) => {
            const before = await tree(root);
            const killed = await runCli(['squash'], { root, database }, { KNEX_SQUASH_FAIL: `${step}:kill` });
            expect(killed).toMatchObject({ signal: 'SIGKILL' });
            expect(await namesIn(database)).toEqual(names);
            expect(await runCli(['squash'], { root, database })).toMatchObject({ code: 0 });
            const [baseline, ...others] = await readdir(join(root, 'migrations'));
            expect([baseline, others]).toEqual([bed.baseline, []]);
            await up(await settingsAt(root, database));
            expect(await namesIn(database)).toEqual([bed.baseline]);
            await restoreMigrations(await settingsAt(root, database));
            expect(await tree(root)).toEqual(before);
          });
        });
      }
      figure(`SIGKILL at ${step} (squash): ${rounds(1, 5)} times, 0 bad`);
    },
    longTimeout,
  );

  const restoreSteps = failpoints.filter((step) => /^swap\./.test(step));

  test.each(isLong ? restoreSteps : fewRestoreSteps)(
    'a restore killed at %s',
    async (step) => {
      await withProject({ ...support, ...originals }, async (root) => {
        await bed.at(names, async (database) => {
          const before = await tree(root);
          await cp(join(bed.root, 'backups'), join(root, 'backups'), { recursive: true });
          await rm(join(root, 'migrations'), { recursive: true });
          await cp(join(bed.root, 'migrations', bed.baseline), join(root, 'migrations', bed.baseline));
          await up(await settingsAt(root, database));
          const killed = await runCli(
            ['restore', 'migrations'],
            { root, database },
            { KNEX_SQUASH_FAIL: `${step}:kill` },
          );
          expect(killed).toMatchObject({ signal: 'SIGKILL' });
          expect(await runCli(['restore', 'migrations'], { root, database })).toMatchObject({ code: 0 });
          expect(await tree(root)).toEqual(before);
          expect(await namesIn(database)).toEqual(names);
        });
      });
      figure(`SIGKILL at ${step} (restore migrations): 1 time, 0 bad`);
    },
    longTimeout,
  );

  const settingsAt = async (root: string, database: ClientConfig) => {
    const settings = await bed.settings(database);
    return {
      ...settings,
      root,
      backups: join(root, 'backups'),
      stateDirectory: join(root, '.knex-squash'),
      migrations: { ...settings.migrations, directories: [join(root, 'migrations')] },
    };
  };
});

describe('every step that writes has a failpoint', () => {
  const covered = new Set<string>([
    ...Object.values(scenes).flatMap(({ steps }) => steps),
    ...squashSteps,
    // Killed in objects.test.ts, backup-faults.test.ts and restore-full.test.ts.
    ...failpoints.filter((step) => /^(objects|backup|restore-full)\./.test(step)),
  ]);

  test('and every failpoint is one at which something is killed here', () => {
    expect(failpoints.filter((step) => !covered.has(step))).toEqual([]);
  });

  test('and every one is reached by the code', async () => {
    const sources = (await readdir('src', { recursive: true })).filter((path) => path.endsWith('.ts'));
    const texts = await Promise.all(sources.map((path) => readFile(join('src', path), 'utf8')));
    const called = texts.flatMap((text) =>
      [...text.matchAll(/failpoint\('([\w.-]+)'/g)].map(([, step]) => step),
    );
    expect([...new Set(called)].sort()).toEqual([...failpoints].sort());
  });

  test('no function writes to a disk or a database that has none', async () => {
    const bad: string[] = [];
    for (const folder of ['adopt', 'archive', 'backup', 'files', 'follow', 'history', 'objects', '.']) {
      for (const file of await readdir(join('src', folder))) {
        if (!file.endsWith('.ts')) continue;
        const path = join('src', folder, file);
        for (const { name, body } of functionsOf(await readFile(path, 'utf8'))) {
          const reason = exempt[`${path} ${name}`];
          if (writes.test(body) && !/failpoint\('/.test(body) && reason === undefined)
            bad.push(`${path} ${name}`);
        }
      }
    }
    expect(bad).toEqual([]);
  });

  const writes =
    /\b(INSERT INTO|DELETE FROM|UPDATE \$|DROP |CREATE TABLE|TRUNCATE)|\b(rename|unlink|writeDurably|replaceDurably|writeFile)\(/;

  /** Writers that are one half of a step, whose caller has the failpoint; or whose loss costs nothing. */
  const exempt: Readonly<Record<string, string>> = {
    'src/adopt/cache.ts writeCached': 'a cache',
    'src/files/durable.ts replaceDurably': 'called by the journal',
    'src/files/durable.ts writeDurably': 'called by archive and swap',
    'src/archive/journal.ts createJournal': 'swap.journal-written',
    'src/archive/journal.ts turnJournal': 'swap.committed, swap.landed',
    'src/archive/swap.ts checkFolders': 'a probe, deleted at once',
    'src/archive/swap.ts goBack': 'the way back, killed in swap.test.ts',
    'src/archive/swap.ts moveAside': 'swap.moved',
    'src/archive/swap.ts place': 'swap.placed',
    'src/objects/record.ts writeRecords': 'objects.recorded',
    'src/init.ts applyInit': 'whole files, each written beside and renamed; run again it writes the rest',
    'src/audit.ts audit': 'one file, written beside and renamed',
    'src/backup/folder.ts markVerified':
      'one file, written beside and renamed: before it, the backup is unverified',
    'src/backup/journal.ts writeRestoreJournal': 'restore-full.started, restore-full.ready',
    'src/backup/pg-programs.ts withPassfile': 'a temporary file of its own',
    'src/backup/rename.ts rename': 'restore-full.moved-aside, restore-full.renamed',
    'src/backup/script.ts copyLines': 'a text',
    'src/backup/script.ts tableContents': 'a text',
    'src/backup/source.ts withReader': 'a comment',
    'src/files/staging.ts ensureReadme': 'a note, made anew where it is missing',
    'src/write-report.ts writeInto': 'a report, written again by the next run',
    'src/restore-beside.ts dropTemporary': 'the way back, which a rerun takes from the journal',
    'src/history/hashes.ts ensureHashes': 'IF NOT EXISTS, in the transaction of migrate.recorded',
    'src/history/hashes.ts insertRowAndHash': 'migrate.recorded',
    'src/history/ledger.ts creation': 'IF NOT EXISTS: it is made by whoever comes next',
    'src/history/ledger.ts deleteDoubles': 'repeated at each look',
    'src/history/ledger.ts deleteRows': 'adopt.deleted, restore.deleted, migrate.recorded',
    'src/history/ledger.ts insertion': 'migrate.recorded, resolve.recorded',
    'src/history/ledger.ts insertRowsAsTheyWere': 'restore.inserted',
    'src/history/lock.ts freeLock': 'migrate.ended, migrate.committed',
    'src/history/lock.ts takeLock': 'migrate.locked, migrate.started',
    'src/history/progress.ts markEnded': 'migrate.ended, resolve.recorded',
    'src/history/progress.ts markStarted': 'migrate.started',
    'src/history/revision.ts deleteRevision': 'restore.forgotten',
    'src/history/revision.ts insertRevision': 'adopt.recorded',
    'src/prove-baseline.ts layOut': 'a temporary folder, or files that swap.staged has first',
    'src/reset.ts dropStatements': 'reset.dropped',
    'src/reset.ts makeAnew': 'two statements that no transaction can hold; up builds what is missing',
  };
});

/** Top-level functions by name, with their text. */
function functionsOf(source: string): readonly { name: string; body: string }[] {
  const starts = [...source.matchAll(/^(?:export )?(?:async )?function (\w+)/gm)];
  return starts.map((match, n) => ({
    name: match[1] ?? '',
    body: source.slice(match.index, starts[n + 1]?.index ?? source.length),
  }));
}

test('undo gives back to the byte what adopt took', async () => {
  await bed.at(names, async (database) => {
    const before = await everythingOf(database);
    const settings = await bed.settings(database);
    await up(settings, { to: laterNames[0] ?? '' });
    await undoAdoption(settings);
    const leave = (dump: string | null) =>
      dump
        ?.split('\n')
        // Where a row lies in its table is nobody's business, and the later migration stays.
        .filter((line) => line.startsWith('INSERT INTO public.knex_migrations VALUES'))
        .filter((line) => !line.includes(`'${laterNames[0]}'`))
        .sort();
    const after = await everythingOf(database);
    expect(leave(after)).toEqual(leave(before));
    if (after !== null) expect(leave(after)).toHaveLength(names.length);
  });
});
