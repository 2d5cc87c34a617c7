import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from '../database/embedded/process.js';
import { writeDurably } from './durable.js';

/** What a folder is called until it is finished; it names its process, so that what a killed one left can be told. */
export function stagingName(stamp: string): string {
  return `.${stamp}-${process.pid}.tmp`;
}

/** A name that nothing has: the stamp, with a number where two were made in one second. */
export function freePlace(folder: string, stamp: string): string {
  let place = join(folder, stamp);
  for (let n = 2; existsSync(place); n++) place = join(folder, `${stamp}-${n}`);
  return place;
}

/** Removes what killed processes have left in the making. */
export async function sweepStaging(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const pid = /^\.\d{8}T\d{6}Z(?:-full|-migrations)?-(\d+)\.tmp$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(folder, name), { recursive: true });
  }
}

/**
 * Tells whoever opens the folder of backups how to restore by hand. One that is there is left alone, and
 * where none can be written, what lies there is no worse for it.
 */
export async function ensureReadme(backups: string): Promise<void> {
  await writeDurably(join(backups, 'README.md'), readme).catch(() => {});
}

const readme = `# Archives and backups

| folder               | what it holds                                                                        |
| -------------------- | ------------------------------------------------------------------------------------ |
| \`<time>\`             | the archive of a squash: the original migrations, the ledger's rows, the proof        |
| \`<time>-migrations\`  | the migrations, the ledger's rows and the schema of a database                         |
| \`<time>-full\`        | a whole database: private, and kept out of git                                         |

Each has a \`manifest.json\` with the sha256 of every file. With knex-squash:

    knex-squash backup list
    knex-squash restore migrations --from <folder>
    knex-squash restore full --from <folder>

By hand, without it:

- **Migrations**: copy the files of \`<folder>/migrations\` to the places that \`manifest.json\` names as
  \`originalPath\`, delete the baseline that replaced them, and give the table \`knex_migrations\` the rows that
  stand under \`ledger\` instead of the baseline's.
- **A database**: \`createdb --template=template0 <name>\`, then, from within the folder,
  \`psql -X -d <name> -f restore.sql\`; where the folder has \`dump.custom\` or \`dump\` instead,
  \`pg_restore --exit-on-error -d <name> dump.custom\` and \`psql -X -d <name> -f positions.sql\`.
- **Encrypted files** (\`*.enc\`): decrypt each of them with your own command first, without the ending.
`;
