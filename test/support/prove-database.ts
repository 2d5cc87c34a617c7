import type { ClientConfig } from 'pg';
import { buildSql } from '../../src/baseline/build.js';
import { inSnapshot, withClient } from '../../src/database/client.js';
import { observe, useSearchPath } from '../../src/proof/observe.js';
import { prove } from '../../src/proof/prove.js';
import { readRows } from '../../src/rows/read.js';
import { comparePgDumps } from './pg-dump.js';
import { caseSettings } from './prove-case.js';
import { withDatabase } from './server.js';

const ledger = caseSettings.migrations;
const searchPath = '"$user", public';

/**
 * As a draft, but for a database that is there already: its baseline is built on another one, and
 * both are held against each other by our proof and by pg_dump.
 */
export async function proveDatabase(grown: ClientConfig): Promise<void> {
  const reading = { ledger, searchPath };
  const history = await observe(grown, reading);
  const { up } = buildSql({
    ...history,
    twins: await readTwins(grown, history),
    rulings: [],
    steadyDigests: history.digests,
    searchPath,
    ledger: { tables: ['knex_migrations', 'knex_migrations_lock'], revision: 'knex_migrations_revision', schema: null },
  });
  await withDatabase(async (built) => {
    await withClient(built, (client) => client.query(`BEGIN;\n${up}COMMIT`));
    const baseline = await observe(built, reading);
    const { differences } = await prove({
      history,
      baseline,
      connection: built,
      ledger,
      searchPath,
      steadyDigests: history.digests,
    });
    expect(differences).toEqual([]);
    await comparePgDumps(grown, built);
  });
}

async function readTwins(connection: ClientConfig, { tables }: Awaited<ReturnType<typeof observe>>) {
  return withClient(connection, (client) =>
    inSnapshot(client, async () => {
      await useSearchPath(client, searchPath);
      const twins = [];
      for (const table of tables) {
        const rows = await readRows(client, table, new Set());
        if (rows.rows.length > 0) twins.push({ first: rows, second: rows });
      }
      return twins;
    }),
  );
}
