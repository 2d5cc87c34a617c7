import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ClientConfig } from 'pg';
import { withClient } from '../database/client.js';
import { failpoint } from '../failpoint.js';
import { writeDurably } from '../files/durable.js';
import { copyRows } from './driver.js';
import { places, positionsName } from './pg-dump.js';
import { requirePrograms, runProgram } from './pg-programs.js';
import { type Backup, textOf } from './read.js';
import { notRestored } from './restore.js';
import { sessionName } from './script.js';

export interface RestoreInPlace {
  /** Statements that empty the database, run first. */
  readonly drops: readonly string[];
  readonly onProgress?: (what: string) => void;
}

/** Empties a database and fills it, in one transaction. @throws SquashError RESTORE_FAILED; it is as it was. */
export async function clearAndRestore(
  config: ClientConfig,
  backup: Backup,
  work: RestoreInPlace,
): Promise<void> {
  const fill = backup.manifest.engine === 'pg_dump' ? fillByPsql : fillByDriver;
  try {
    await fill(config, backup, work);
  } catch (cause) {
    throw notRestored(backup, cause, 'Nothing was touched.');
  }
}

async function fillByDriver(
  config: ClientConfig,
  backup: Backup,
  { drops, onProgress }: RestoreInPlace,
): Promise<void> {
  await withClient(config, async (client) => {
    await client.query('BEGIN');
    for (const statement of drops) await client.query(statement);
    await client.query(await textOf(backup, sessionName));
    for (const step of backup.manifest.steps) {
      if ('sql' in step) {
        await client.query(await textOf(backup, step.sql));
        continue;
      }
      onProgress?.(step.table);
      await copyRows(client, step, backup, () => {});
    }
    failpoint('restore-full.in-place');
    await client.query('COMMIT');
  });
}

/** pg_restore knows no statements of others, so its script and ours go to psql together. */
async function fillByPsql(
  config: ClientConfig,
  backup: Backup,
  { drops, onProgress }: RestoreInPlace,
): Promise<void> {
  const { format, server } = backup.manifest;
  const { pgRestore } = await requirePrograms(server.major);
  const folder = await mkdtemp(join(tmpdir(), 'knex-squash-restore-'));
  const paths = ['drops.sql', 'dump.sql', 'positions.sql'].map((name) => join(folder, name));
  const [dropsPath = '', dumpPath = '', positionsPath = ''] = paths;
  const how = { cwd: backup.files, code: 'RESTORE_FAILED' } as const;
  try {
    onProgress?.('pg_restore');
    await writeDurably(dropsPath, drops.map((statement) => `${statement};\n`).join(''), 0o600);
    await writeDurably(positionsPath, await textOf(backup, positionsName), 0o600);
    await runProgram(pgRestore, [`--file=${dumpPath}`, places[format ?? 'custom']], config, how);
    failpoint('restore-full.in-place');
    onProgress?.('psql');
    const args = ['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1', '--single-transaction'];
    const files = paths.map((path) => `--file=${path}`);
    await runProgram(join(dirname(pgRestore), 'psql'), [...args, ...files], config, how);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
