import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { copiedColumns, type RowsFile } from './copy.js';
import { selectRows } from './read.js';
import type { StoredTable } from './tables.js';
import type { Decision } from './volatile.js';

/** Writes a table's rows to a file, from the server through a compressor to the disk, none of it held. */
export async function writeRowsFile(
  client: Client,
  table: StoredTable,
  decisions: readonly Decision[],
  path: string,
): Promise<RowsFile> {
  const volatile = new Set(decisions.filter((each) => each.table === table.id).map(({ column }) => column));
  const columns = copiedColumns(table, decisions);
  const copy = `COPY (${selectRows(table, volatile, columns)}) TO STDOUT`;
  return { table, path, ...(await writeCopy(client, copy, path)) };
}

/** What a COPY gave: hash and bytes of the file, as it lies there. */
export interface CopiedRows {
  readonly sha256: string;
  readonly rows: number;
  readonly size: number;
}

/**
 * Runs `COPY … TO STDOUT` into a new, private file, compressed and flushed to the disk.
 *
 * @param onBytes told how many bytes were written, piece by piece.
 */
export async function writeCopy(
  client: Client,
  copy: string,
  path: string,
  { level, onBytes = () => {} }: { readonly level?: number; readonly onBytes?: (bytes: number) => void } = {},
): Promise<CopiedRows> {
  const source = client.query(copyTo(copy));
  const hash = createHash('sha256');
  let size = 0;
  await pipeline(
    source,
    createGzip(level === undefined ? {} : { level }),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        size += chunk.length;
        onBytes(chunk.length);
        yield chunk;
      }
    },
    createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }),
  ).catch((error: unknown) => {
    // The server goes on sending, and the session would wait for the end for ever.
    connectionOf(client).stream.destroy();
    throw error;
  });
  return { sha256: hash.digest('hex'), rows: source.rowCount, size };
}

function connectionOf(client: Client): { readonly stream: { destroy(): void } } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection;
}
