import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { script } from '../../src/baseline/script.js';
import { upSteps } from '../../src/baseline/sql-text.js';
import { readCatalog } from '../../src/catalog/read.js';
import { inSnapshot, onDatabase, type Queryable, withClient } from '../../src/database/client.js';
import { withEmbedded } from '../../src/database/embedded.js';
import { pgDump } from '../../test/support/server.js';
import { manyTables } from './many-tables.js';
import { median } from './measure.js';

/**
 * Reading, planning and writing a catalog against `pg_dump -s`, side by side in one run, on generated
 * schemas of so many tables (8 columns, a primary and a foreign key, 2 indexes each; a view for every
 * 10, a function and a trigger for every 20).
 *
 *   npm run bench:catalog -- 1000 5000 10000
 */
const sizes = process.argv.slice(2).map(Number);
const rounds = 3;

interface Figures {
  readonly tables: number;
  readonly read: number;
  readonly write: number;
  readonly pgDump: number | null;
  readonly roundTrips: number;
  readonly mebibytes: number;
}

async function measure(database: ClientConfig, tables: number): Promise<Figures> {
  const reads: number[] = [];
  const writes: number[] = [];
  const dumps: number[] = [];
  let roundTrips = 0;
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    const catalog = await withClient(database, (client) => {
      const query = (...args: [string]) => {
        roundTrips++;
        return client.query(...args);
      };
      const counting = { query } as unknown as Queryable;
      return inSnapshot(counting, () => readCatalog(counting, { ledger: [] }));
    });
    reads.push(performance.now() - began);
    const readAt = performance.now();
    upSteps(script(catalog, [], []), 'public', []);
    writes.push(performance.now() - readAt);
    const dumpBegan = performance.now();
    if ((await pgDump(database, ['--schema-only'])) !== null) dumps.push(performance.now() - dumpBegan);
  }
  return {
    tables,
    read: median(reads),
    write: median(writes),
    pgDump: dumps.length === 0 ? null : median(dumps),
    roundTrips: roundTrips / rounds,
    mebibytes: process.resourceUsage().maxRSS / 1024,
  };
}

function report(figures: readonly Figures[]): void {
  const perTable = ({ read, write, tables }: Figures): number => (read + write) / tables;
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  const first = figures[0] as Figures;
  console.table(
    figures.map((each) => ({
      tables: each.tables,
      'read ms': Math.round(each.read),
      'plan and write ms': Math.round(each.write),
      'pg_dump -s ms': each.pgDump === null ? 'none installed' : Math.round(each.pgDump),
      'of pg_dump': each.pgDump === null ? '' : percent((each.read + each.write) / each.pgDump),
      'per table, of the first': percent(perTable(each) / perTable(first)),
      'round trips': each.roundTrips,
      'peak MiB': Math.round(each.mebibytes),
    })),
  );
}

const folder = mkdtempSync(join(tmpdir(), 'knex-squash-bench-'));
try {
  await withEmbedded({ dataDirectory: folder, root: process.cwd(), durable: false }, async ({ config }) => {
    const figures: Figures[] = [];
    for (const tables of sizes.length > 0 ? sizes : [1000, 5000, 10_000]) {
      await withClient(config, (client) =>
        client.query(`CREATE DATABASE bench_${tables} TEMPLATE template0`),
      );
      const database = onDatabase(config, `bench_${tables}`);
      await withClient(database, async (client) => {
        for (const sql of manyTables(tables)) await client.query(sql);
        await client.query('VACUUM ANALYZE');
      });
      figures.push(await measure(database, tables));
    }
    report(figures);
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
