import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Client, ClientConfig } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { withClient } from '../database/client.js';
import { selectRows } from '../rows/read.js';
import { writeCopy } from '../rows/rows-file.js';
import { rowsOf, type StoredTable } from '../rows/tables.js';
import { digestRows, type RowsDigest } from './digest.js';
import type { WrittenFile } from './folder.js';
import { type Backup, invalidBackup, textOf } from './read.js';
import { copyTarget, type RowsStep, type Step, type StoredRows, sessionName } from './script.js';
import { type Source, withReader } from './source.js';
import { defaultJobs, type OnProgress, type RestoreWork } from './work.js';

/** Rows that were written, and what they must be once they are back. */
export interface DumpedRows {
  readonly stored: readonly StoredRows[];
  readonly digests: readonly RowsDigest[];
  readonly files: readonly WrittenFile[];
}

/** pg_dump's default costs three times as much for a tenth of the size. */
const level = 3;

/** Writes the rows of every table that has some into `rows/`, over several sessions of one snapshot. */
export async function dumpRows(
  config: ClientConfig,
  source: Source,
  { folder, searchPath, jobs, onProgress }: DumpOptions,
): Promise<DumpedRows> {
  const { tables } = source.contents;
  const queue = [...(await biggestFirst(source, tables)).entries()];
  const done: {
    readonly stored: StoredRows;
    readonly digest: RowsDigest;
    readonly file: WrittenFile | null;
  }[] = [];
  let finished = 0;
  let bytes = 0;
  const work = (): Promise<void> =>
    withReader(config, source, searchPath, async (client) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [at, table] = next;
        const path = `rows/${String(at + 1).padStart(4, '0')}.copy.gz`;
        const entry = await dumpTable(client, table, folder, path, (more) => {
          bytes += more;
          onProgress({ table: table.identity, tables: finished, of: tables.length, bytes });
        });
        finished += 1;
        if (entry !== null) done.push(entry);
      }
    });
  await inParallel(Math.min(jobs, tables.length), work);
  done.sort((a, b) => (a.digest.table < b.digest.table ? -1 : 1));
  return {
    stored: done.map(({ stored }) => stored),
    digests: done.map(({ digest }) => digest),
    files: done.flatMap(({ file }) => file ?? []),
  };
}

export interface DumpOptions {
  readonly folder: string;
  readonly searchPath: string;
  readonly jobs: number;
  readonly onProgress: OnProgress;
}

/** The digests alone, for rows that another program writes. */
export async function digestTables(
  config: ClientConfig,
  source: Source,
  { searchPath, jobs }: Pick<DumpOptions, 'searchPath' | 'jobs'>,
): Promise<readonly RowsDigest[]> {
  const queue = [...source.contents.tables];
  const digests: RowsDigest[] = [];
  await inParallel(Math.min(jobs, queue.length), () =>
    withReader(config, source, searchPath, async (client) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        digests.push(await digestRows(client, next));
      }
    }),
  );
  return digests.filter(({ rows }) => rows > 0).sort((a, b) => (a.table < b.table ? -1 : 1));
}

async function dumpTable(
  client: Client,
  table: StoredTable,
  folder: string,
  path: string,
  onBytes: (bytes: number) => void,
) {
  const { rows: some } = await client.query(`SELECT FROM ${rowsOf(table)} LIMIT 1`);
  if (some.length === 0) return null;
  const digest = await digestRows(client, table);
  const stored = { table, rows: digest.rows };
  if (table.columns.length === 0) return { stored: { ...stored, path: null }, digest, file: null };
  const { sha256, size } = await writeCopy(client, copyOut(table), join(folder, path), { level, onBytes });
  return { stored: { ...stored, path }, digest, file: { path, sha256, size } };
}

/** In the order of the heap: nobody needs another, and sorting costs more than copying. */
function copyOut(table: StoredTable): string {
  const plain = { ...table, primaryKey: null };
  const everything = new Set(table.columns.map(({ name }) => name));
  return `COPY (${selectRows(plain, everything)}) TO STDOUT`;
}

async function biggestFirst(
  { client }: Source,
  tables: readonly StoredTable[],
): Promise<readonly StoredTable[]> {
  const { rows } = await client.query<{ at: number }>(
    `SELECT at::int FROM unnest($1::text[]) WITH ORDINALITY t (name, at)
     ORDER BY pg_catalog.pg_table_size(name::regclass) DESC, at`,
    [tables.map(({ identity }) => identity)],
  );
  return rows.map(({ at }) => tables[at - 1] as StoredTable);
}

/** Runs a backup's SQL on an empty database and copies its rows, tables side by side. */
export async function restoreByDriver(
  config: ClientConfig,
  backup: Backup,
  { jobs, onProgress }: RestoreWork,
): Promise<void> {
  const { manifest } = backup;
  const session = await textOf(backup, sessionName);
  const of = manifest.steps.filter((step) => 'rows' in step).length;
  let tables = 0;
  let bytes = 0;
  for (const group of grouped(manifest.steps)) {
    const queue = [...group];
    await inParallel(Math.min(jobs ?? defaultJobs(), queue.length), () =>
      withClient(config, async (client) => {
        await client.query(session);
        for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
          if ('sql' in step) {
            await client.query(`BEGIN;\n${await textOf(backup, step.sql)}\nCOMMIT`);
            continue;
          }
          const { table } = step;
          await copyRows(client, step, backup, (more) => {
            bytes += more;
            onProgress({ table, tables, of, bytes });
          });
          tables += 1;
        }
      }),
    );
  }
}

/** Rows that follow each other together, and texts that may run side by side; other texts alone. */
function grouped(steps: readonly Step[]): readonly (readonly Step[])[] {
  const groups: Step[][] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && wayOf(step) !== 'alone' && wayOf(step) === wayOf(last[0])) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

function wayOf(step: Step): 'rows' | 'beside' | 'alone' {
  if ('rows' in step) return 'rows';
  return step.beside === true ? 'beside' : 'alone';
}

/** Copies a file of rows, whose hash is checked before the server is told that it has all. */
export async function copyRows(
  client: Client,
  step: RowsStep,
  { folder, files, manifest }: Backup,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const hash = createHash('sha256');
  const expected = manifest.files.find(({ path }) => path === step.rows)?.sha256;
  await pipeline(
    createReadStream(join(files, step.rows), { highWaterMark: 2 ** 18 }),
    async function* (pieces: AsyncIterable<Buffer>) {
      for await (const piece of pieces) {
        hash.update(piece);
        onBytes(piece.length);
        yield piece;
      }
      // Before the server is told that this was all.
      if (hash.digest('hex') !== expected) throw invalidBackup(folder, step.rows, 'was altered');
    },
    createGunzip({ chunkSize: 2 ** 16 }),
    client.query(copyFrom(`COPY ${copyTarget(step)} FROM STDIN`)),
  );
}

/** Runs the same work several times at once; the first error is thrown once all have ended. */
async function inParallel(times: number, work: () => Promise<void>): Promise<void> {
  const ends = await Promise.allSettled(Array.from({ length: Math.max(times, 0) }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
