import { dirname } from 'node:path';
import { readBackup } from '../src/backup/read.js';
import { restoreInto } from '../src/backup/restore.js';
import { backupFull } from '../src/backup.js';
import { type Case, listCases } from './support/cases.js';
import { settingsOf } from './support/example.js';
import { comparePgDumps } from './support/pg-dump.js';
import { withProject } from './support/project.js';
import { migrateByKnex, oneByOne } from './support/prove-case.js';
import { ensureRoles } from './support/run-cases.js';
import { clientProgram, pgDump, serverMajor, testServer, withDatabase } from './support/server.js';

/** Each with its migrations is made a database of, which goes there and back by either engine. */
const isLong = process.env.KNEX_SQUASH_BACKUP_CASES === 'all';
const major = await serverMajor(testServer());
const program = await clientProgram('pg_restore', major);
if (program === null)
  console.warn('no pg_restore is installed: the cases go there and back by our own engine alone');
else process.env.PG_BIN = dirname(program);

/** Of which pg_dump's own restore makes something else, or nothing; its backup must then not count as verified. */
const lostByPgDump = new Set([
  'everything--at-once',
  'foreign-key--switched-off',
  'inheritance--not-null-dropped-in-heir',
  'trigger--events-and-states',
]);

const fits = ({ minMajor = 0, maxMajor = major, refused }: Case) =>
  minMajor <= major && major <= maxMajor && refused === undefined;
// npm test has time for one in thirty-two; npm run test:backups takes all.
const cases = listCases().filter((each, at) => fits(each) && (isLong || at % 32 === 3));

beforeAll(ensureRoles);

test.each(cases.map((each) => [each.name, each] as const))('%s', async (name, { migrations }) => {
  await withProject({}, (root) =>
    withDatabase(async (database) => {
      await migrateByKnex(database, migrations, oneByOne);
      const settings = await settingsOf(root, database);
      const before = await pgDump(database, ['--inserts']);
      for (const engine of program === null ? (['driver'] as const) : (['driver', 'pg_dump'] as const)) {
        if (engine === 'pg_dump' && lostByPgDump.has(name)) {
          const code = expect.stringMatching(/^(BACKUP_DIFFERS|RESTORE_FAILED|DUMP_FAILED)$/);
          await expect(backupFull(settings, { engine })).rejects.toMatchObject({ code });
          continue;
        }
        const { folder, manifest } = await backupFull(settings, { engine });
        expect(manifest.verified).not.toBeNull();
        await withDatabase(async (again) => {
          await restoreInto(again, await readBackup(folder), { jobs: 2, onProgress: () => {} });
          await comparePgDumps(database, again);
          // The ledger, which that comparison leaves out, is there too.
          if (before !== null)
            expect(ledgerRows(await pgDump(again, ['--inserts']))).toEqual(ledgerRows(before));
        });
      }
    }),
  );
});

function ledgerRows(dump: string | null): readonly string[] {
  return dump?.match(/^INSERT INTO \S*knex_migrations VALUES .*$/gm) ?? [];
}
