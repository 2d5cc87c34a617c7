import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
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
  const source = client.query(copyTo(`COPY (${selectRows(table, volatile, columns)}) TO STDOUT`));
  const hash = createHash('sha256');
  await pipeline(
    source,
    createGzip(),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(path, { flags: 'wx', mode: 0o600 }),
  );
  const { size } = await stat(path);
  return { table, path, sha256: hash.digest('hex'), rows: source.rowCount, size };
}
