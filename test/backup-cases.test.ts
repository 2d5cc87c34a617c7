import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readBackup } from '../src/backup/read.js';
import { restoreInto } from '../src/backup/restore.js';
import { backupFull } from '../src/backup.js';
import { isSquashError } from '../src/errors.js';
import { type Case, listCases } from './support/cases.js';
import { settingsOf } from './support/example.js';
import { comparePgDumps } from './support/pg-dump.js';
import { withProject } from './support/project.js';
import { migrateByKnex, oneByOne } from './support/prove-case.js';
import { ensureRoles } from './support/run-cases.js';
import { clientProgram, pgDump, serverMajor, testServer, withDatabase } from './support/server.js';

/** A database is made of each case's migrations, which goes there and back by either engine. */
const isLong = process.env.KNEX_SQUASH_BACKUP_CASES === 'all';
const major = await serverMajor(testServer());
const program = await clientProgram('pg_restore', major);
if (program === null)
  console.warn('no pg_restore is installed: the cases go there and back by our own engine alone');
else process.env.PG_BIN = dirname(program);

/** By case, what pg_dump's own restore makes something else of: its backup must not count as verified then. */
const lostByPgDump: Readonly<Record<string, string>> = JSON.parse(
  readFileSync('test/support/lost-by-pg-dump.json', 'utf8'),
);

const fits = ({ minMajor = 0, maxMajor = major, refused }: Case) =>
  minMajor <= major && major <= maxMajor && refused === undefined;
// npm test has time for one in thirty-two; npm run test:backups takes all.
const cases = listCases().filter((each, at) => fits(each) && (isLong || at % 32 === 3));

beforeAll(ensureRoles);

test.each(cases.map((each) => [each.name, each] as const))('%s', async (name, { migrations, ...notes }) => {
  await withProject({}, (root) =>
    withDatabase(async (database) => {
      await migrateByKnex(database, migrations, oneByOne);
      const settings = await settingsOf(root, database);
      const before = notes.withoutPgDump === undefined ? await pgDump(database, ['--inserts']) : null;
      const { folder, manifest } = await backupFull(settings, { engine: 'driver' });
      expect(manifest.verified).not.toBeNull();
      await withDatabase(async (again) => {
        await restoreInto(again, await readBackup(folder), { jobs: 2, onProgress: () => {} });
        if (notes.withoutPgDump === undefined) await comparePgDumps(database, again);
        // The ledger, which that comparison leaves out, is there too.
        if (before !== null)
          expect(ledgerRows(await pgDump(again, ['--inserts']))).toEqual(ledgerRows(before));
      });
      if (program !== null && major === 15) expect(await lossOf(settings)).toBe(lostByPgDump[name] ?? null);
    }),
  );
});

/** What the verification of pg_dump's backup complains about first, or null where it is equal. */
async function lossOf(settings: Parameters<typeof backupFull>[0]): Promise<string | null> {
  try {
    await backupFull(settings, { engine: 'pg_dump' });
    return null;
  } catch (error) {
    if (!isSquashError(error)) throw error;
    return /(?:\n {2}|ERROR: +|error: )(?!.*ERROR:)(.*)/.exec(error.message)?.[1] ?? error.message;
  }
}

function ledgerRows(dump: string | null): readonly string[] {
  return dump?.match(/^INSERT INTO \S*knex_migrations VALUES .*$/gm) ?? [];
}
