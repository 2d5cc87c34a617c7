import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { databaseName, withClient } from '../database/client.js';
import { SquashError } from '../errors.js';
import { hashUnlinked } from '../files/durable.js';
import { listPlainFiles } from '../files/folder.js';
import type { WrittenFile } from './folder.js';
import { type Programs, requirePrograms, runProgram } from './pg-programs.js';
import { type Backup, invalidBackup, textOf } from './read.js';
import { positionsText } from './script.js';
import { readPositions, type Source } from './source.js';
import type { RestoreWork } from './work.js';

/** The places of pg_dump's output in a backup, by format. */
export const places = { custom: 'dump.custom', directory: 'dump' } as const;

/** Written after the dump: positions know no snapshot. */
export const positionsName = 'positions.sql';

export interface PgDumpOptions {
  readonly folder: string;
  /** In the directory format, by so many jobs; null for the custom format. */
  readonly jobs: number | null;
  readonly schemaOnly: boolean;
  readonly write: (path: string, contents: string) => Promise<WrittenFile>;
}

/** Lets pg_dump write what the snapshot shows. @throws SquashError DUMP_FAILED */
export async function dumpByPgDump(
  { pgDump }: Programs,
  config: ClientConfig,
  source: Source,
  { folder, jobs, schemaOnly, write }: PgDumpOptions,
) {
  const format: 'custom' | 'directory' = jobs === null ? 'custom' : 'directory';
  const place = places[format];
  const args = [
    '--no-password',
    `--format=${format}`,
    `--file=${place}`,
    `--snapshot=${source.snapshot}`,
    ...(jobs === null ? [] : [`--jobs=${jobs}`]),
    ...(schemaOnly ? ['--schema-only'] : []),
  ];
  await runProgram(pgDump, args, config, { cwd: folder, code: 'DUMP_FAILED' });
  const sequences = schemaOnly ? [] : await readPositions(source);
  const positions = await write(positionsName, positionsText(sequences));
  return {
    engine: 'pg_dump' as const,
    format,
    sequences: sequences.map((position) => ({ ...position })),
    steps: [{ sql: positionsName }],
    files: [...(await dumpedFiles(folder, place)), positions],
  };
}

async function dumpedFiles(folder: string, place: string): Promise<readonly WrittenFile[]> {
  const found = await listPlainFiles(folder, (path, flaw) => invalidBackup(folder, path, flaw));
  const dumped = found.filter((path) => path === place || path.startsWith(`${place}/`));
  return Promise.all(
    dumped.map(async (path) => ({
      path,
      sha256: await hashUnlinked(join(folder, path)),
      size: (await stat(join(folder, path))).size,
    })),
  );
}

/**
 * Lets pg_restore fill an empty database, and moves the sequences to where the backup has them. Several jobs
 * of pg_restore can run into a deadlock with each other, so they are for whoever asks for them.
 *
 * @throws SquashError RESTORE_FAILED
 */
export async function restoreByPgRestore(
  config: ClientConfig,
  backup: Backup,
  { jobs }: Pick<RestoreWork, 'jobs'>,
): Promise<void> {
  const { format, server } = backup.manifest;
  const { pgRestore } = await requirePrograms(server.major);
  const database = databaseName(config) ?? '';
  // libpq takes a name with = for a whole connection string; ours are plain.
  if (!/^\w+$/.test(database))
    throw new SquashError('RESTORE_FAILED', `"${database}" is no name for pg_restore`);
  const args = [
    '--no-password',
    '--exit-on-error',
    `--jobs=${jobs ?? 1}`,
    `--dbname=${database}`,
    places[format ?? 'custom'],
  ];
  await runProgram(pgRestore, args, config, { cwd: backup.files, code: 'RESTORE_FAILED' });
  const positions = await textOf(backup, positionsName);
  await withClient(config, (client) => client.query(positions));
}
