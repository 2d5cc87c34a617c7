import type { ClientConfig } from 'pg';
import { buildSql } from '../../src/baseline/build.js';
import { withClient } from '../../src/database/client.js';
import { observe } from '../../src/proof/observe.js';
import { prove } from '../../src/proof/prove.js';
import { readRows } from '../../src/rows/read.js';
import { withRows } from '../../src/rows/session.js';
import { comparePgDumps } from './pg-dump.js';
import { caseSettings } from './prove-case.js';
import { withDatabase } from './server.js';

const ledger = caseSettings.migrations;
const searchPath = '"$user", public';

/**
 * As a draft, but for a database that is there already: its baseline is built on another one, and
 * both are held against each other by our proof and by pg_dump.
 */
export async function proveDatabase(grown: ClientConfig, byPgDump = true): Promise<void> {
  const reading = { ledger, searchPath };
  const history = await observe(grown, reading);
  const { tables, digests } = history;
  const nothing = { leftOut: [], files: [], decisions: [] };
  const rows = {
    ...nothing,
    carried: tables,
    twins: await readTwins(grown, history),
    steadyDigests: digests,
  };
  const { up } = buildSql({
    ...history,
    rows,
    fileNames: new Map(),
    searchPath,
    ledger: {
      tables: ['knex_migrations', 'knex_migrations_lock'],
      revision: 'knex_migrations_revision',
      schema: null,
    },
  });
  const views = { volatile: new Map(), steady: history.viewDigests };
  const replays = { first: grown, second: grown, searchPath, history, again: history, rows, views };
  await withDatabase(async (built) => {
    await withClient(built, (client) => client.query(`BEGIN;\n${up.join('')}COMMIT`));
    const { proof } = await prove({ replays, connection: built, window: null, ledger });
    expect(proof.differences).toEqual([]);
    if (byPgDump) await comparePgDumps(grown, built);
  });
}

async function readTwins(connection: ClientConfig, { tables }: Awaited<ReturnType<typeof observe>>) {
  return withRows(connection, searchPath, tables, async (client) => {
    const twins = [];
    for (const table of tables) {
      const rows = await readRows(client, table, new Set());
      if (rows.rows.length > 0) twins.push({ first: rows, second: rows });
    }
    return twins;
  });
}
