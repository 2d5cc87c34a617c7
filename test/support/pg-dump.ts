import type { ClientConfig } from 'pg';
import { pgDump, psql, serverMajor, withDatabase } from './server.js';

/** The ledger's rows differ by nature; whatever a user hung on its tables isn't part of a baseline. */
const ledgerLeftOut = ['--exclude-table=knex_migrations*'];

let isTold = false;

/**
 * Lets pg_dump, which knows nothing of our reader, say whether two databases are equal. Where its
 * texts differ both are restored and dumped once more, since deparsing is no fixpoint.
 */
export async function comparePgDumps(expected: ClientConfig, found: ClientConfig): Promise<void> {
  const [before, after] = [await dumpSchema(expected), await dumpSchema(found)];
  if (before === null || after === null) return tellMissing(expected);
  if (before !== after) expect(await secondGeneration(after)).toBe(await secondGeneration(before));
  expect(await dumpRows(found)).toEqual(await dumpRows(expected));
}

async function dumpSchema(database: ClientConfig): Promise<string | null> {
  return pgDump(database, ['--schema-only', ...ledgerLeftOut]);
}

/** INSERTs and setvals, sorted: where a row lies in its table depends on the updates that it has seen. */
async function dumpRows(database: ClientConfig): Promise<readonly string[] | undefined> {
  const dump = await pgDump(database, ['--data-only', '--inserts', ...ledgerLeftOut]);
  return dump?.replaceAll(/^--.*\n|^\n/gm, '').split(/;\n/).sort();
}

/** The dump of a database that was restored from this dump. */
async function secondGeneration(dump: string): Promise<string | null> {
  return withDatabase(async (scratch) => {
    const complaints = await psql(scratch, dump);
    const generation = await dumpSchema(scratch);
    return complaints ? `${complaints}\n${dump}\n${generation}` : generation;
  });
}

async function tellMissing(database: ClientConfig): Promise<void> {
  if (isTold) return;
  isTold = true;
  console.warn(`no pg_dump ${await serverMajor(database)} or later is installed: the cases go without it`);
}
